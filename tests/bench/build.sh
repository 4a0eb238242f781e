# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# What the benchmarks share: their packages and their programs. Sourced after deploy/common.sh,
# from the project's root.

k_bench_packages=(
  go:golang-go
  /usr/share/gocode/src/github.com/golang-jwt/jwt/claims.go:golang-github-golang-jwt-jwt-dev
  '/usr/sbin/php-fpm*:php-fpm'
  /usr/lib/nginx/modules/ngx_http_js_module.so:libnginx-mod-http-js
  /usr/lib/nginx/modules/ngx_http_lua_module.so:libnginx-mod-http-lua
  '/usr/lib/*/lua/5.1/cjson.so:lua-cjson'
  wrk:wrk
  /usr/include/benchmark/benchmark.h:libbenchmark-dev
)

build_programs() {
  cmake --preset release -B build/bench \
    -DCMAKE_PROJECT_roomkey_INCLUDE="$PWD/tests/bench/benchmarks.cmake" &&
    cmake --build build/bench
}

# Debian's Go libraries are sources in one tree, as Go had it before modules.
build_go_peer() {
  GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$PWD/build/bench/go-cache" \
    go build -o build/bench/go_server tests/bench/peers/go/main.go
}

prepare_bench() {
  install_missing "${k_build_packages[@]}" "${k_serve_packages[@]}" "${k_node_packages[@]}" \
    "${k_bench_packages[@]}"
  step "Building roomkey and the benchmarks" build_programs
  step "Building the Go peer" build_go_peer
}
