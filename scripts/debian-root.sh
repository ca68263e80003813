# Sourced by the scripts that build images, after debian-archive.sh and interruptible.sh: the root file system that all of
# them start from, which is Debian with systemd, sshd, sudo and a cloud-init that reads its user-data from the machine
# itself (NoCloud), so that a machine boots without any network.

# What every machine has, however it is run.
MACHINE_PACKAGES="openssh-server systemd-sysv udev dbus iproute2 netbase cloud-init sudo ca-certificates curl less procps"

# What a build that was ended leaves for the next one, which begins there: packages, and whole parts of an image.
BUILD_CACHE=/var/cache/warmpool

# One line that changes with what an image holds: the scripts FILE… and the versions that apt has of PACKAGES.
#   content_of RELEASE "PACKAGES" FILE…
content_of() {
  {
    dpkg --print-architecture
    printf '%s\n' "$1"
    # shellcheck disable=SC2086 # a list
    apt-cache show --no-all-versions $2 systemd | grep -E '^(Package|Version):'
    shift 2
    cat "$@"
  } | sha256sum | cut -c 1-16
}

# One build at a time: they share the cache. The lock is a folder that is there anyway; it ends with the script.
only_one() {
  exec 9<"${BUILD_CACHE%/*}"
  flock --nonblock 9 && return
  say "Another build is at work; waiting for it"
  flock --timeout "$BUILD_SECONDS" 9 || fail "the other build did not end within $BUILD_SECONDS s (WARMPOOL_BUILD_SECONDS)"
}

# Builds it in the folder WORK as TARGET, a folder or a file that ends in .tar; OPTION… are mmdebstrap's.
#   build_root RELEASE "PACKAGES" WORK TARGET OPTION…
build_root() {
  release=$1
  packages=$2
  work=$3
  target=$4
  shift 4
  say "Building a root file system of Debian $release: a minute where nothing else is going on, many on a slow disk." \
    "What is downloaded is kept if this is ended"
  # Only the release and its updates: a machine has nothing from backports.
  debian_suites | sed -n "s/^\(.*\) \($release\(-updates\|-security\)\{0,1\}\)\$/deb \1 \2 main/p" >"$work/sources.list"
  grep -q " $release main" "$work/sources.list" || fail "apt on this machine has no source for $release main"
  apt-config dump | grep -iE '^Acquire::https?::Proxy' >"$work/apt.conf" || true
  # Read when the machine is made: the answers that cloud-init would otherwise look for on a network.
  printf 'datasource_list: [NoCloud, None]\n' >"$work/cloud.cfg"
  cat >"$work/customize" <<'CUSTOMIZE'
#!/bin/sh
set -eu
umask 022
root=$1
# What must be every machine's own is made at its first boot, and never carried in the image.
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/hostname" "$root/var/lib/dbus/machine-id" "$root/etc/apt/apt.conf.d/99mmdebstrap"
: >"$root/etc/machine-id"
# Was for the build only: a machine's packages are to be whole after a power cut.
sed -i '/^force-unsafe-io$/d' "$root/etc/dpkg/dpkg.cfg.d/99mmdebstrap"
# cloud-init adds the machine's own name; without it sudo says of each command that it cannot resolve the host.
printf '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n' >"$root/etc/hosts"
mkdir -p "$root/var/lib/cloud/seed/nocloud-net"
chmod 700 "$root/var/lib/cloud/seed/nocloud-net"
# A machine's packages are its image's, and its disk is the node's: no timer changes one or looks after the other.
chroot "$root" systemctl mask apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service \
  fstrim.timer >/dev/null 2>&1
chroot "$root" passwd -q -l root
# As cloud-init would write it for every machine, which it then has no reason to do, nor to restart sshd for.
printf 'PasswordAuthentication no\n' >"$root/etc/ssh/sshd_config.d/50-cloud-init.conf"
chmod 600 "$root/etc/ssh/sshd_config.d/50-cloud-init.conf"
CUSTOMIZE
  chmod +x "$work/customize"
  # What apt downloads goes into the cache at once, so that a build that is ended has lost none of it. By an overlay and
  # not by a bind mount: whatever clears WORK away keeps to one file system. Where there is no overlay, nothing is kept.
  mkdir -p "$BUILD_CACHE/packages" "$BUILD_CACHE/overlay" "$work/nothing" "$work/tmp"
  cat >"$work/keep" <<KEEP
#!/bin/sh
mkdir -p "\$1/var/cache/apt/archives"
mount -t overlay -o "lowerdir=$work/nothing,upperdir=$BUILD_CACHE/packages,workdir=$BUILD_CACHE/overlay" warmpool \\
  "\$1/var/cache/apt/archives" || true
KEEP
  chmod +x "$work/keep"
  if ! TMPDIR="$work/tmp" apart mmdebstrap --quiet --mode=root --variant=minbase \
    --include="$(printf '%s' "$packages" | tr -s ' \n' ',')" --aptopt="$work/apt.conf" \
    --aptopt='Acquire::Retries "3"' --aptopt='Acquire::http::Timeout "60"' \
    --dpkgopt='force-unsafe-io' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --skip=essential/unlink \
    --setup-hook="$work/keep \"\$1\"" \
    --customize-hook="! mountpoint --quiet \"\$1\"/var/cache/apt/archives || umount \"\$1\"/var/cache/apt/archives" \
    --customize-hook="upload $work/cloud.cfg /etc/cloud/cloud.cfg.d/90-warmpool.cfg" \
    --customize-hook="$work/customize \"\$1\"" \
    "$@" "$release" "$target" "$work/sources.list" >"$work/log" 2>&1; then
    tail -n 30 "$work/log" >&2
    case $status in
    124 | 137) fail "mmdebstrap did not end within $BUILD_SECONDS s; give it longer by WARMPOOL_BUILD_SECONDS. What it downloaded is kept" ;;
    esac
    fail "mmdebstrap could not build the root file system; its last words are above"
  fi
}
