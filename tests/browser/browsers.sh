#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The chat page in Chromium, Firefox and WebKitGTK, one person in each. Installs what is missing.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/deploy/common.sh"
cd "$root"

install_missing "${k_build_packages[@]}" "${k_serve_packages[@]}" "${k_node_packages[@]}" \
  chromium:chromium firefox-esr:firefox-esr WebKitWebDriver:webkit2gtk-driver Xvfb:xvfb
install_node_modules deploy/local-scaledrone
install_node_modules tests
build() { cmake --preset dev && cmake --build --preset dev --target roomkey; }
step "Building roomkey" build
# The whole Chromium, where the other tests of the page ask the one without windows.
CHROMIUM=/usr/bin/chromium ROOMKEY_BIN=$root/build/dev/roomkey node --test tests/browser/browsers/*.test.js
