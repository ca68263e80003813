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
umask 022

here=$(dirname "$0")
. "$here/debian-archive.sh"
. "$here/debian-root.sh"

PROJECT=${WARMPOOL_INCUS_PROJECT:-warmpool}
ALIAS=${WARMPOOL_IMAGE:-warmpool-debian}
# ifupdown and a DHCP client serve machines whose profile has a network; without one they have nothing to do.
PACKAGES="$MACHINE_PACKAGES ifupdown isc-dhcp-client"
IMPORT_SECONDS=300

# Every question to the daemon ends by itself. The client would take what comes on standard input for configuration.
ask() { timeout 60 incus "$@" </dev/null; }

main() {
  [ "$(id -u)" = 0 ] || fail "run it as root: it builds a root file system"
  ask project show "$PROJECT" >/dev/null 2>&1 ||
    fail "Incus does not answer or has no project $PROJECT: run install-incus.sh first"
  apt update >/dev/null || fail "apt-get update failed: are the machine's apt sources right?"
  release=$(debian_release)
  content=$(content_of "$release" "$PACKAGES" "$here/debian-archive.sh" "$here/debian-root.sh" "$0")
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
  pack "$release" "$work"
  describe "$release" "$content" "$work"
  import "$work"
}

# The root file system, as $2/rootfs.squashfs.
pack() {
  build_root "$1" "$PACKAGES" "$2" "$2/rootfs.tar"
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
