#!/bin/sh
# Installs on this Debian machine (12 or 13, as root) what examples/drivers/libvirt needs: the programs of libvirt and
# QEMU, and mtools. Does only what is missing. Starts nothing and sets nothing up: docs/drivers.md says how to go on.
set -eu
umask 022

. "$(dirname "$0")/debian-archive.sh"

case $(dpkg --print-architecture) in
amd64) EMULATOR=qemu-system-x86 ;;
arm64) EMULATOR=qemu-system-arm ;;
*) fail "virtual machines of this architecture have not been tried" ;;
esac

[ "$(id -u)" = 0 ] || fail "run it as root: it installs packages"
missing=""
for package in libvirt-daemon libvirt-daemon-driver-qemu libvirt-clients "$EMULATOR" qemu-utils mtools; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
if [ -n "$missing" ]; then
  apt update >/dev/null || fail "apt-get update failed: are the machine's apt sources right?"
  # shellcheck disable=SC2086 # a list
  install_packages $missing
  say "Installed$missing"
fi
say "$(virsh --version=short 2>/dev/null | sed 's/^/libvirt /') is installed"
