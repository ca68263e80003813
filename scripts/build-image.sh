#!/bin/sh
# Builds the image that machines are made of, and imports it into Warmpool's Incus project: the Debian release of this
# machine with systemd, sshd, sudo and cloud-init, which reads its user-data from files that Incus writes into every
# new machine (NoCloud), so that a machine boots without any network. Run it after install-incus.sh, as root.
#
# It can run again at any time: an image of the same content is left as it is, and an image that takes another's place
# takes over its alias at once. Same content means this script and the same versions of the packages that it names.
#
# Environment: WARMPOOL_INCUS_PROJECT (warmpool), WARMPOOL_IMAGE, the alias (warmpool-debian).
set -eu

. "$(dirname "$0")/debian-archive.sh"

PROJECT=${WARMPOOL_INCUS_PROJECT:-warmpool}
ALIAS=${WARMPOOL_IMAGE:-warmpool-debian}
# ifupdown and a DHCP client serve machines whose profile has a network; without one they have nothing to do.
PACKAGES="openssh-server systemd-sysv udev dbus iproute2 netbase ifupdown isc-dhcp-client cloud-init sudo \
ca-certificates curl less procps"
BUILD_SECONDS=900
IMPORT_SECONDS=300

# Every question to the daemon ends by itself. The client would take what comes on standard input for configuration.
ask() { timeout 60 incus "$@" </dev/null; }

main() {
  [ "$(id -u)" = 0 ] || fail "run it as root: it builds a root file system"
  ask project show "$PROJECT" >/dev/null 2>&1 ||
    fail "Incus does not answer or has no project $PROJECT: run install-incus.sh first"
  apt update >/dev/null || fail "apt-get update failed: are the machine's apt sources right?"
  release=$(debian_release)
  content=$(content_of "$release")
  if [ "$(ask image get-property "$ALIAS" warmpool.content --project "$PROJECT" 2>/dev/null)" = "$content" ]; then
    say "The image $ALIAS is there with this content: $content"
    return
  fi
  missing=""
  for package in mmdebstrap squashfs-tools-ng; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
  # shellcheck disable=SC2086 # a list
  [ -z "$missing" ] || install_packages $missing
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM
  build_root "$release" "$work"
  describe "$release" "$content" "$work"
  import "$work"
}

content_of() {
  {
    cat "$(dirname "$0")/debian-archive.sh" "$0"
    dpkg --print-architecture
    printf '%s\n' "$1"
    # shellcheck disable=SC2086 # a list
    apt-cache show --no-all-versions $PACKAGES systemd | grep -E '^(Package|Version):'
  } | sha256sum | cut -c 1-16
}

# The root file system, as $2/rootfs.squashfs.
build_root() {
  say "Building a root file system of Debian $1, which takes about a minute"
  # Only the release and its updates: a machine has nothing from backports.
  debian_suites | sed -n "s/^\(.*\) \($1\(-updates\|-security\)\{0,1\}\)\$/deb \1 \2 main/p" >"$2/sources.list"
  grep -q " $1 main" "$2/sources.list" || fail "apt on this machine has no source for $1 main"
  apt-config dump | grep -iE '^Acquire::https?::Proxy' >"$2/apt.conf" || true
  # Read when the machine is made: the answers that cloud-init would otherwise look for on a network.
  cat >"$2/cloud.cfg" <<'CONFIG'
datasource_list: [NoCloud, None]
CONFIG
  cat >"$2/customize" <<'CUSTOMIZE'
#!/bin/sh
set -eu
root=$1
# What must be every machine's own is made at its first boot, and never carried in the image.
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/hostname" "$root/var/lib/dbus/machine-id" "$root/etc/apt/apt.conf.d/99mmdebstrap"
: >"$root/etc/machine-id"
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
  chmod +x "$2/customize"
  if ! timeout "$BUILD_SECONDS" mmdebstrap --quiet --mode=root --variant=minbase --format=tar \
    --include="$(printf '%s' "$PACKAGES" | tr -s ' \n' ',')" --aptopt="$2/apt.conf" \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook="upload $2/cloud.cfg /etc/cloud/cloud.cfg.d/90-warmpool.cfg" \
    --customize-hook="$2/customize \"\$1\"" \
    "$1" "$2/rootfs.tar" "$2/sources.list" >"$2/log" 2>&1; then
    tail -n 30 "$2/log" >&2
    fail "mmdebstrap could not build the root file system within $BUILD_SECONDS s; its last words are above"
  fi
  # zstd packs and unpacks many times faster than what mmdebstrap itself would use, and every pool unpacks it.
  timeout "$BUILD_SECONDS" tar2sqfs --quiet --compressor zstd "$2/rootfs.squashfs" <"$2/rootfs.tar" 2>"$2/log" ||
    fail "tar2sqfs could not pack the root file system"
  rm "$2/rootfs.tar"
}

# What Incus is to know of the image, as $3/metadata.tar.
describe() {
  mkdir -p "$3/meta/templates"
  cat >"$3/meta/metadata.yaml" <<META
architecture: $(uname -m)
creation_date: $(date +%s)
properties:
  os: Debian
  release: $1
  description: Debian $1 with cloud-init and sshd, for Warmpool
  warmpool.content: "$2"
templates:
  /etc/hostname: { when: [create, copy], template: hostname.tpl }
  /var/lib/cloud/seed/nocloud-net/meta-data: { when: [create, copy], template: meta-data.tpl }
  /var/lib/cloud/seed/nocloud-net/user-data:
    when: [create, copy]
    template: user-data.tpl
    properties: { default: "#cloud-config" }
META
  printf '{{ instance.name }}\n' >"$3/meta/templates/hostname.tpl"
  printf 'instance-id: {{ instance.name }}\nlocal-hostname: {{ instance.name }}\n' >"$3/meta/templates/meta-data.tpl"
  printf '{{ config_get("cloud-init.user-data", properties.default) }}\n' >"$3/meta/templates/user-data.tpl"
  tar -C "$3/meta" -cf "$3/metadata.tar" metadata.yaml templates
}

# Under a fingerprint first; then the alias moves, and what had it before goes.
import() {
  fingerprint=$(cat "$1/metadata.tar" "$1/rootfs.squashfs" | sha256sum | cut -d ' ' -f 1)
  before=$(ask query "/1.0/images/aliases/$ALIAS?project=$PROJECT" 2>/dev/null | sed -n 's/.*"target": *"\([0-9a-f]*\)".*/\1/p')
  timeout "$IMPORT_SECONDS" incus image import "$1/metadata.tar" "$1/rootfs.squashfs" --project "$PROJECT" </dev/null >/dev/null
  if [ -z "$before" ]; then
    ask image alias create "$ALIAS" "$fingerprint" --project "$PROJECT" >/dev/null
  else
    ask query -X PUT -d "{\"target\":\"$fingerprint\"}" "/1.0/images/aliases/$ALIAS?project=$PROJECT" >/dev/null
    ask image delete "$before" --project "$PROJECT" >/dev/null
  fi
  say "Imported the image $ALIAS ($(du -m "$1/rootfs.squashfs" | cut -f 1) MiB) into the project $PROJECT"
}

main
