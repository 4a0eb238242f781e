# SPDX-License-Identifier: MIT
# The part of `cmake --install` that plain rules can't do: links, what depends on the prefix (which
# may be given as late as at the installation), and what belongs to the administrator from then on.
# CMakeLists.txt sets `source`, `build`, `sysconfdir`, `datadir` and `docdir` before it.

# What is installed below /usr is configured in /etc (FHS 4.1); any other prefix has an etc of its
# own.
if(NOT IS_ABSOLUTE "${sysconfdir}")
  if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
    set(sysconfdir "/${sysconfdir}")
  else()
    set(sysconfdir "${CMAKE_INSTALL_PREFIX}/${sysconfdir}")
  endif()
endif()
foreach(folder IN ITEMS datadir docdir)
  if(NOT IS_ABSOLUTE "${${folder}}")
    set(${folder} "${CMAKE_INSTALL_PREFIX}/${${folder}}")
  endif()
endforeach()

# The shipped files name the paths of a system: /usr/bin, /usr/share and /etc. Elsewhere they get
# those of the prefix, in a copy that is installed in their place. What follows the folder is for
# file(INSTALL).
function(install_with_paths file folder)
  get_filename_component(name "${file}" NAME)
  if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
    file(READ "${file}" text)
    string(REPLACE "/usr/share/roomkey" "${datadir}/roomkey" text "${text}")
    # Not those of other programs.
    string(REGEX REPLACE "/usr/bin(/roomkey|\n)" "${CMAKE_INSTALL_PREFIX}/bin\\1" text "${text}")
    string(REPLACE "/etc/roomkey" "${sysconfdir}/roomkey" text "${text}")
    set(file "${build}/installed/${name}")
    file(WRITE "${file}" "${text}")
  endif()
  file(INSTALL "${file}" DESTINATION "${folder}" ${ARGN})
  # What is installed is listed in install_manifest.txt, here and in all that follows.
  set(CMAKE_INSTALL_MANIFEST_FILES "${CMAKE_INSTALL_MANIFEST_FILES}" PARENT_SCOPE)
endfunction()

# Files that are edited after the installation are never overwritten by another one.
function(install_once file folder)
  get_filename_component(name "${file}" NAME)
  if(EXISTS "$ENV{DESTDIR}${folder}/${name}")
    message(STATUS "Kept: $ENV{DESTDIR}${folder}/${name}")
  else()
    install_with_paths("${file}" "${folder}")
    set(CMAKE_INSTALL_MANIFEST_FILES "${CMAKE_INSTALL_MANIFEST_FILES}" PARENT_SCOPE)
  endif()
endfunction()

file(GLOB units "${source}/deploy/systemd/*.socket" "${source}/deploy/systemd/*.service")
foreach(unit IN LISTS units)
  install_with_paths("${unit}" "${CMAKE_INSTALL_PREFIX}/lib/systemd/system")
endforeach()

file(GLOB_RECURSE examples RELATIVE "${source}/deploy" "${source}/deploy/apache/*" "${source}/deploy/lighttpd/*"
     "${source}/deploy/caddy/*" "${source}/deploy/haproxy/*" "${source}/deploy/fcgiwrap/*"
     "${source}/deploy/spawn-fcgi/*")
foreach(example IN LISTS examples)
  get_filename_component(folder "${example}" DIRECTORY)
  set(mode)
  if(example STREQUAL "spawn-fcgi/roomkey")
    set(mode PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  endif()
  install_with_paths("${source}/deploy/${example}" "${docdir}/examples/${folder}" ${mode})
endforeach()

file(GLOB files RELATIVE "${source}/nginx" "${source}/nginx/*.conf")
foreach(name IN LISTS files)
  if(name MATCHES "^(endpoints|limits|local|upstream)")
    install_once("${source}/nginx/${name}" "${sysconfdir}/nginx/roomkey")
  else()
    file(INSTALL "${source}/nginx/${name}" DESTINATION "${sysconfdir}/nginx/roomkey")
  endif()
endforeach()
file(GLOB files RELATIVE "${source}/nginx" "${source}/nginx/examples/*")
foreach(name IN LISTS files)
  install_with_paths("${source}/nginx/${name}" "${sysconfdir}/nginx/roomkey/examples")
endforeach()
install_once("${source}/deploy/packaging/environment" "${sysconfdir}/roomkey")

install_once("${source}/static/config.json" "${sysconfdir}/roomkey")

function(install_link target name)
  get_filename_component(folder "${name}" DIRECTORY)
  file(MAKE_DIRECTORY "$ENV{DESTDIR}${folder}")
  file(CREATE_LINK "${target}" "$ENV{DESTDIR}${name}" SYMBOLIC)
  list(APPEND CMAKE_INSTALL_MANIFEST_FILES "${name}")
  set(CMAKE_INSTALL_MANIFEST_FILES "${CMAKE_INSTALL_MANIFEST_FILES}" PARENT_SCOPE)
endfunction()

# The page finds its configuration beside itself, whichever web server serves it, and yet it lies
# where an update of the page does not touch it.
install_link("${sysconfdir}/roomkey/config.json" "${datadir}/roomkey/www/config.json")
# Web servers look for CGI programs in lib/cgi-bin, whatever the name of lib is for libraries.
install_link("../../bin/roomkey" "${CMAKE_INSTALL_PREFIX}/lib/cgi-bin/roomkey")
