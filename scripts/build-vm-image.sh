#!/bin/sh
# Builds the image that virtual machines are made of, for examples/drivers/libvirt: the Debian release of this machine,
# which boots without any network and quickly, so that it is of use by emulation too. Run it as root:
#
#   build-vm-image.sh FOLDER [NAME]    the folder of a libvirt storage pool; NAME (debian) is what a pool names as image
#
# Environment: WARMPOOL_BUILD_SECONDS, how long each of the steps may take (3600). Ctrl-C ends it and leaves nothing but what
# it has downloaded, in /var/cache/warmpool, which is removed once an image is there.
#
# It writes NAME.qcow2, a disk of one file system without a boot loader, and NAME.vmlinuz and NAME.initrd, which the
# hypervisor starts by itself; then let libvirt look: virsh pool-refresh POOL. It can run again at any time: files of
# the same content are left as they are, and machines keep the ones that they were made of: a name that is in use is
# refused. Same content means these scripts and the same versions of the packages that they name.
set -eu
umask 022

here=$(dirname "$0")
. "$here/debian-archive.sh"
. "$here/interruptible.sh"
. "$here/debian-root.sh"

ARCHITECTURE=$(dpkg --print-architecture)
PACKAGES="$MACHINE_PACKAGES linux-image-cloud-$ARCHITECTURE initramfs-tools zstd systemd-resolved"
# What a machine's disk has of room before its first boot; then it grows to what the pool gives it.
DISK_MIB=1536

main() {
  [ "$(id -u)" = 0 ] || fail "run it as root: it builds a root file system"
  [ -n "${1:-}" ] && [ -d "$1" ] || fail "usage: $0 FOLDER [NAME]: FOLDER is the folder of a libvirt storage pool"
  folder=$(readlink -f "$1")
  name=${2:-debian}
  apt update >/dev/null || fail "apt-get update failed: are the machine's apt sources right?"
  release=$(debian_release)
  content=$(content_of "$release" "$PACKAGES" "$here/debian-archive.sh" "$here/debian-root.sh" "$0")
  if [ "$(cat "$folder/$name.content" 2>/dev/null)" = "$content" ]; then
    say "The image $name is there with this content: $content"
    return
  fi
  # An overlay reads what it does not have from the image for all its life: other blocks there would be its ruin.
  [ ! -e "$folder/$name.qcow2" ] ||
    fail "$folder/$name.qcow2 is another image, and machines may be made of it: choose another NAME, and let the pool name that"
  missing=""
  for package in mmdebstrap e2fsprogs qemu-utils; do
    is_installed "$package" || missing="$missing $package"
  done
  # shellcheck disable=SC2086 # a list
  [ -z "$missing" ] || install_packages $missing
  only_one
  # Beside its place, so that it is moved there in one step, and never in a small /tmp.
  work=$(mktemp -d "$folder/.build-XXXXXX")
  on_end 'rm -rf --one-file-system "$work"'
  write_configuration "$work"
  build_root "$release" "$PACKAGES" "$work" "$work/root" --format=directory \
    --setup-hook="mkdir -p \"\$1\"/etc/initramfs-tools/conf.d" \
    --setup-hook="cp $work/initramfs.modules \"\$1\"/etc/initramfs-tools/modules" \
    --setup-hook="cp $work/initramfs.conf \"\$1\"/etc/initramfs-tools/conf.d/warmpool" \
    --customize-hook="$work/machine \"\$1\""
  pack "$work" "$folder" "$name"
  printf '%s\n' "$content" >"$folder/$name.content"
  rm -rf --one-file-system "$BUILD_CACHE"
  say "Built the image $name ($(du -m "$folder/$name.qcow2" | cut -f 1) MiB) in $folder"
}

write_configuration() {
  # Only what finds the disk. More would be unpacked at every boot.
  printf 'virtio_pci\nvirtio_blk\next4\n' >"$1/initramfs.modules"
  printf 'MODULES=list\nCOMPRESS=zstd\nFSTYPE=ext4\n' >"$1/initramfs.conf"
  cat >"$1/machine" <<'MACHINE'
#!/bin/sh
set -eu
root=$1
printf 'LABEL=root / ext4 defaults,noatime,x-systemd.growfs 0 1\n' >"$root/etc/fstab"
printf '[Match]\nName=en* eth*\n[Network]\nDHCP=yes\n' >"$root/etc/systemd/network/50-warmpool.network"
chroot "$root" systemctl enable systemd-networkd.service >/dev/null 2>&1
# Nothing waits for a network: sshd takes connections as soon as there is one.
chroot "$root" systemctl mask systemd-networkd-wait-online.service systemd-timesyncd.service dpkg-db-backup.timer \
  getty@tty1.service cloud-init-hotplugd.socket cloud-config.service >/dev/null 2>&1
# The one source is known, so that it need not be searched for; and of cloud-init only what a machine is given.
printf 'policy: enabled\n' >"$root/etc/cloud/ds-identify.cfg"
cat >"$root/etc/cloud/cloud.cfg.d/91-warmpool-machine.cfg" <<'CONFIG'
network: { config: disabled }
cloud_init_modules: [write-files, set_hostname, update_etc_hosts, users-groups, ssh]
cloud_config_modules: []
cloud_final_modules: [scripts-vendor]
CONFIG
MACHINE
  chmod +x "$1/machine"
}

# The root file system in $1/root as the files of the image $3 in $2.
pack() {
  cp -L "$1/root/vmlinuz" "$1/vmlinuz"
  cp -L "$1/root/initrd.img" "$1/initrd"
  # It is started from beside the disk; on it, it would only be a copy that nothing reads.
  rm -rf "$1/root/boot"/* "$1/root/vmlinuz"* "$1/root/initrd.img"* "$1/root/var/cache/apt"/* "$1/root/var/lib/apt/lists"/*
  within mke2fs -q -t ext4 -L root -m 1 -E lazy_itable_init=1,lazy_journal_init=1 -d "$1/root" "$1/disk.raw" "${DISK_MIB}M" >/dev/null ||
    fail "mke2fs could not make a file system of the root folder"
  within qemu-img convert -q -f raw -O qcow2 "$1/disk.raw" "$1/disk.qcow2" || fail "qemu-img could not make the disk"
  chmod 644 "$1/vmlinuz" "$1/initrd" "$1/disk.qcow2"
  mv "$1/vmlinuz" "$2/$3.vmlinuz"
  mv "$1/initrd" "$2/$3.initrd"
  mv "$1/disk.qcow2" "$2/$3.qcow2"
}

main "$@"
