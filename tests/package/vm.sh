#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The package's life under a booted systemd, in a virtual machine for each suite: QEMU emulates it, with
# Debian's own kernel, no network and no KVM. What happens inside is in booted.sh. Needs root, and about ten
# minutes a suite; prints TAP.
#
# usage: sudo tests/package/vm.sh [--keep] [SUITE ...]     --keep: leave the roots and the images
# shellcheck disable=SC2016,SC2317  # scripts for the shell inside; functions that step calls
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. deploy/common.sh
. tests/package/roots.sh

read_arguments "$@"
install_missing qemu-system-x86_64:qemu-system-x86 mkfs.ext4:e2fsprogs

# Emulated, everything takes ten times as long; a machine that hangs is ended after this many seconds.
limit=2700

run_inside() { # ROOT SCRIPT
  with_root "$1" chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive bash -euo pipefail -c "$(<tests/package/helpers.sh)"$'\n'"$2"
}

build_package() { run_inside "$1" 'cd /src && deploy/packaging/build.sh && make_next'; }

# A machine that boots, with all that the package needs, so that it needs no network.
install_machine() {
  run_inside "$1" '
    apt-get install -y --no-install-recommends linux-image-cloud-amd64 initramfs-tools zstd systemd-sysv dbus \
      nginx curl openssl procps apache2-utils
    install_dependencies
    apt-get clean
    rm /usr/sbin/policy-rc.d
    echo "/dev/vda / ext4 defaults 0 1" >/etc/fstab
    echo chat >/etc/hostname
    systemctl disable apt-daily.timer apt-daily-upgrade.timer fstrim.timer e2scrub_all.timer logrotate.timer \
      dpkg-db-backup.timer || true
    printf "%s\n" "[Unit]" "After=nginx.service" "[Service]" "ExecStart=/src/tests/package/booted.sh" \
      "StandardOutput=file:/dev/ttyS1" "ExecStopPost=systemctl poweroff --no-block" \
      "[Install]" "WantedBy=multi-user.target" >/etc/systemd/system/booted.service
    systemctl enable booted.service'
}

make_image() { # ROOT IMAGE
  rm -rf "$1"/src/build/package/roomkey-*/ && truncate -s 4G "$2" && attended mkfs.ext4 -q -F -d "$1" "$2"
}

# Boots it and prints what it says over its second serial line; fails unless every check has passed.
boot() { # ROOT PLACE
  local status=0
  attended bash -c 'timeout --foreground --kill-after=10 "$0" qemu-system-x86_64 \
    -accel tcg,thread=multi -cpu max -smp 2 -m 1024 -nodefaults -display none -no-reboot \
    -kernel "$1"/boot/vmlinuz-* -initrd "$1"/boot/initrd.img-* \
    -append "root=/dev/vda rw console=ttyS0 no_timer_check quiet panic=-1 systemd.show_status=no" \
    -drive "file=$2/image,if=virtio,format=raw,cache=unsafe" -serial "file:$2/console" -serial stdio \
    </dev/null 2>"$2/qemu" | stdbuf -oL tr -d "\r" | tee "$2/results"' "$limit" "$@" || status=$?
  if grep -q '^not ok' "$2/results" || ! grep -Eq '^1\.\.[0-9]+$' "$2/results"; then
    echo "not ok - the machine has ended ($status), and said last:"
    tail -n 20 "$2/qemu" "$2/console" | sed 's/^/#   /'
    return 1
  fi
}

status=0
for suite in "${suites[@]}"; do
  make_root "$suite"
  root=$place
  make_place
  step "Building the package" build_package "$root"
  step "Installing a machine" install_machine "$root"
  step "Making its disk" make_image "$root" "$place/image"
  printf '\n# A virtual machine with %s\n' "$suite"
  boot "$root" "$place" || status=1
done
exit "$status"
