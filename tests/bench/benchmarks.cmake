# SPDX-License-Identifier: MIT
# The programs that measure roomkey, built within its project, so that they are compiled with
# exactly the flags of the binary that they stand beside. The project itself does not know of them:
#   cmake --preset release -B build/bench -DCMAKE_PROJECT_roomkey_INCLUDE=tests/bench/benchmarks.cmake
# CMake reads this file at the start of the project; it comes back at the end, when all its targets
# are there.
if(NOT TARGET roomkey)
  set(bench "${CMAKE_CURRENT_LIST_DIR}")
  cmake_language(DEFER CALL include "${bench}/benchmarks.cmake")
  return()
endif()

find_package(benchmark REQUIRED)

# The core alone, against a bare HMAC.
add_executable(core_bench ${bench}/core/core_bench.cpp ${bench}/core/allocations.cpp)
target_link_libraries(core_bench PRIVATE roomkey_program roomkey_warnings OpenSSL::Crypto
                                         benchmark::benchmark_main)

# roomkey's gateway with nothing behind it: its own responder comes first, so the linker never
# looks for the core's.
add_executable(empty_gateway ${bench}/peers/empty_gateway.cpp)
target_link_libraries(empty_gateway PRIVATE roomkey_program roomkey_warnings)

# What a FastCGI program is by the book: a thread blocks in FCGX_Accept_r.
add_executable(empty_blocking ${bench}/peers/empty_blocking.cpp)
target_link_libraries(empty_blocking PRIVATE roomkey_warnings PkgConfig::FCGI Threads::Threads)

# How long a program takes from exec to exit, and one that does nothing but load the libraries that
# roomkey loads.
add_executable(startup_bench ${bench}/core/startup_bench.cpp)
target_link_libraries(startup_bench PRIVATE roomkey_warnings)
add_executable(empty_program ${bench}/peers/empty_program.cpp)
target_link_libraries(empty_program PRIVATE -Wl,--no-as-needed OpenSSL::Crypto PkgConfig::FCGI m)

foreach(program core_bench empty_gateway empty_blocking startup_bench empty_program)
  # The style lane compiles them, too, but its clang-tidy is for the product.
  set_target_properties(${program} PROPERTIES CXX_EXTENSIONS OFF CXX_STANDARD 20 CXX_CLANG_TIDY "")
endforeach()
