# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2016,SC2034
# What demo.sh and tests/run.sh share: steps that say what they do and how long it took, and the
# Debian packages that they need. Sourced, not run; the caller has set -euo pipefail.

# The time in milliseconds, whatever the locale writes between seconds and their parts.
clock() { echo $((${EPOCHREALTIME//[^0-9]/} / 1000)); }

# Runs a command as a step: one line, its output in a file that is shown only if it fails. The
# command runs where `set -e` does not apply, so functions given to it chain with && or || return.
#   step "Building roomkey" attended cmake --workflow --preset release
step() {
  local title=$1 log started elapsed status=0
  shift
  # The file has no name from here on, so that none is left however this ends.
  log=$(mktemp)
  exec 9<>"$log"
  rm "$log"
  started=$(clock)
  printf '%s ... ' "$title"
  "$@" >&9 2>&1 </dev/null || status=$?
  if [ "$status" -eq 0 ]; then
    elapsed=$(($(clock) - started))
    printf '%d.%d s\n' $((elapsed / 1000)) $((elapsed % 1000 / 100))
  else
    printf 'failed\n'
    tail -n 40 /dev/fd/9 >&2
  fi
  exec 9>&-
  return "$status"
}

# Starts a program in a process group of its own: Ctrl-C ends the script alone, which then ends the
# program with all that it has started.
background() {
  set -m
  "$@" &
  set +m
}

# Runs a program that takes its time: bash handles a signal while it waits, not while a command runs.
attended() {
  background "$@"
  wait "$!"
}

# Ends what runs in the background, the last first, within two seconds whatever it is; root ends what
# sudo has started.
end_background() {
  local group groups=() deadline=$(($(clock) + 1300))
  for group in $(jobs -p); do groups=("$group" "${groups[@]}"); done
  for group in "${groups[@]}"; do
    kill -TERM -- "-$group" || sudo -n kill -TERM -- "-$group" || true
    while kill -0 -- "-$group" && [ "$(clock)" -lt "$deadline" ]; do sleep 0.05; done
    kill -KILL -- "-$group" || true
  done
} 2>/dev/null
trap end_background EXIT
trap 'exit 130' INT TERM HUP

# The packages of the given "probe:package" pairs whose probe finds nothing. A probe is a command,
# or a file if it contains a slash.
missing_packages() {
  local pair probe
  for pair in "$@"; do
    probe=${pair%%:*}
    case $probe in
      */*) compgen -G "$probe" >/dev/null || printf '%s\n' "${pair#*:}" ;;
      *) command -v "$probe" >/dev/null || printf '%s\n' "${pair#*:}" ;;
    esac
  done | sort -u
}

# Installs packages without starting the servers among them: they are started by our own scripts,
# on loopback, and by nobody else. The fetching can be ended at any moment. What dpkg has begun is not
# ended, or the next apt would stumble over it: it has a session of its own, and ends by itself.
apt_install() {
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      echo "These packages are missing, and there is no sudo to install them: $*" >&2
      return 1
    }
    # It asks for a password now, while there is a terminal to ask.
    sudo -n true 2>/dev/null || sudo -v || return
    as_root=(sudo -n)
  fi
  local unpack='
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
      trap "rm -f $policy" EXIT
      printf "#!/bin/sh\nexit 101\n" >"$policy"
      chmod 755 "$policy"
    fi
    apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 "$@"
    # It is enabled at once, and that of Debian 12 would keep the Apache of this machine from starting.
    case " $* " in *" libapache2-mod-qos "*) a2dismod -q qos ;; esac'
  attended "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive unpack="$unpack" bash -euc '
    apt-get update
    apt-get install -y --no-install-recommends --download-only "$@"
    setsid --wait bash -euc "$unpack" apt_install "$@"
  ' apt_install "$@"
}

# Installs what is missing of the given "probe:package" pairs, as one step.
install_missing() {
  local packages
  # nginx and its kind live in sbin, which is not on the path of every user.
  PATH=$PATH:/usr/sbin:/sbin
  mapfile -t packages < <(missing_packages "$@")
  if [ "${#packages[@]}" -gt 0 ]; then
    step "Installing ${packages[*]}" apt_install "${packages[@]}"
  fi
}

# Installs the npm packages of a folder as its lock file names them, unless they are there already.
install_node_modules() {
  local folder=$1
  if [ ! "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ]; then
    step "Installing the npm packages of ${folder##*/}" attended npm ci --no-audit --no-fund --prefix "$folder"
    touch "$folder/node_modules/.package-lock.json"
  fi
}

# GCC has make run the parts of its optimisation at link time side by side.
k_build_packages=(
  g++:g++ make:make cmake:cmake ninja:ninja-build pkg-config:pkgconf
  /usr/include/fcgiapp.h:libfcgi-dev
  /usr/include/openssl/evp.h:libssl-dev
  /usr/include/nlohmann/json.hpp:nlohmann-json3-dev
  '/usr/lib/*/libboost_program_options.a:libboost-program-options-dev'
  '/usr/include/pcre2.h:libpcre2-dev'
)
k_serve_packages=(nginx:nginx spawn-fcgi:spawn-fcgi curl:curl)
k_node_packages=(node:nodejs npm:npm)
k_test_packages=(
  '/usr/lib/*/libboost_unit_test_framework.so:libboost-test-dev'
  cgi-fcgi:libfcgi-bin chromium-headless-shell:chromium-headless-shell mandoc:mandoc
  apache2:apache2 /usr/lib/apache2/modules/mod_fcgid.so:libapache2-mod-fcgid htpasswd:apache2-utils
  lighttpd:lighttpd /usr/lib/lighttpd/mod_magnet.so:lighttpd-modules-lua /usr/lib/lighttpd/mod_openssl.so:lighttpd-mod-openssl
  /usr/lib/apache2/modules/mod_qos.so:libapache2-mod-qos caddy:caddy haproxy:haproxy fcgiwrap:fcgiwrap multiwatch:multiwatch
  systemd-analyze:systemd ip:iproute2 strace:strace ps:procps openssl:openssl
)
# What tests/engines asks. Erlang comes with them.
k_engine_packages=(
  /usr/lib/rabbitmq/bin/rabbitmq-server:rabbitmq-server '/usr/lib/*/ejabberd-*/ebin:ejabberd'
)
k_style_packages=(
  clang-format:clang-format clang-tidy:clang-tidy clang++:clang shellcheck:shellcheck cppcheck:cppcheck
  '/usr/lib/*/libboost_unit_test_framework.so:libboost-test-dev'
  /usr/include/benchmark/benchmark.h:libbenchmark-dev
)
# clang optimises at link time with an archiver of its own.
k_clang_packages=(clang++:clang llvm-ar:llvm)
# What tests/arm64.sh builds and runs with.
k_arm64_packages=(
  aarch64-linux-gnu-g++:g++-aarch64-linux-gnu qemu-aarch64-static:qemu-user-static openssl:openssl
)
k_fuzz_packages=(
  clang++:clang '/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a:libclang-rt-dev'
  '/usr/lib/*/libboost_unit_test_framework.so:libboost-test-dev'
)
