#!/bin/sh
# Builds the image that machines are made of, and imports it into Warmpool's Incus project: the Debian release of this
# machine with systemd, sshd, sudo and cloud-init, which reads its user-data from files that Incus writes into every
# new machine (NoCloud), so that a machine boots without any network. Run it after install-incus.sh, as root.
#
# It can run again at any time: an image of the same content is left as it is, and an image that takes another's place
# takes over its alias at once. Same content means this script and the same versions of the packages that it names.
#
# Ctrl-C ends it. What it has downloaded and built by then is in /var/cache/warmpool, where the next run goes on and which
# is removed once the image is there. No image stays in Incus without an alias.
#
# Environment: WARMPOOL_INCUS_PROJECT (warmpool), WARMPOOL_IMAGE, the alias (warmpool-debian); WARMPOOL_BUILD_SECONDS, how
# long each of the steps (build, pack, import) may take (3600).
set -eu
umask 022

here=$(dirname "$0")
. "$here/debian-archive.sh"
. "$here/interruptible.sh"
. "$here/debian-root.sh"

PROJECT=${WARMPOOL_INCUS_PROJECT:-warmpool}
ALIAS=${WARMPOOL_IMAGE:-warmpool-debian}
# ifupdown and a DHCP client serve machines whose profile has a network; without one they have nothing to do.
PACKAGES="$MACHINE_PACKAGES ifupdown isc-dhcp-client"
# How long an import that was interrupted may go on in the daemon.
SETTLE_SECONDS=30

# Every question to the daemon ends by itself. The client would take what comes on standard input for configuration.
ask() { timeout 60 incus "$@" </dev/null; }

content_at() { ask image get-property "$1" warmpool.content --project "$PROJECT" 2>/dev/null; }

main() {
  [ "$(id -u)" = 0 ] || fail "run it as root: it builds a root file system"
  ask project show "$PROJECT" >/dev/null 2>&1 ||
    fail "Incus does not answer or has no project $PROJECT: run install-incus.sh first"
  apt update >/dev/null || fail "apt-get update failed: are the machine's apt sources right?"
  release=$(debian_release)
  content=$(content_of "$release" "$PACKAGES" "$here/debian-archive.sh" "$here/debian-root.sh" "$0")
  only_one
  if [ "$(content_at "$ALIAS")" = "$content" ]; then
    forget_unnamed
    say "The image $ALIAS is there with this content: $content"
    return
  fi
  missing=""
  for package in mmdebstrap squashfs-tools-ng; do
    is_installed "$package" || missing="$missing $package"
  done
  # shellcheck disable=SC2086 # a list
  [ -z "$missing" ] || install_packages $missing
  parts=$BUILD_CACHE/image-$content
  work=$parts/work
  # Parts of another content are of no use any more; what a killed run had begun is begun again.
  find "$BUILD_CACHE" -mindepth 1 -maxdepth 1 -name 'image-*' ! -path "$parts" -exec rm -rf --one-file-system {} + 2>/dev/null || true
  rm -rf --one-file-system "$work"
  mkdir -p "$work"
  importing=no
  on_end leave
  [ -f "$parts/rootfs.squashfs" ] || pack "$release" "$work" "$parts"
  [ -f "$parts/metadata.tar" ] || describe "$release" "$content" "$work" "$parts"
  import "$parts"
  rm -rf --one-file-system "$BUILD_CACHE"
}

# The last thing that is done. An import that was interrupted ends in the daemon, and leaves an image that nobody named.
leave() {
  rm -rf --one-file-system "$work"
  [ "$importing" = yes ] || return 0
  # shellcheck disable=SC2034 # counts
  for second in $(seq "$SETTLE_SECONDS"); do
    [ -n "$(ask operation list --project "$PROJECT" --format csv 2>/dev/null)" ] || break
    sleep 1
  done
  forget_unnamed
}

# Images that this script made and that have no alias: of a run that was ended in mid-import, or before the last one.
forget_unnamed() {
  ask image list --project "$PROJECT" --columns lF --format csv | sed -n 's/^,//p' | while read -r fingerprint; do
    [ -n "$(content_at "$fingerprint")" ] || continue
    ask image delete "$fingerprint" --project "$PROJECT" >/dev/null
    say "Removed the image $(printf '%.12s' "$fingerprint"), which had no alias any more"
  done
}

# The root file system, as $3/rootfs.squashfs.
pack() {
  build_root "$1" "$PACKAGES" "$2" "$2/rootfs.tar"
  say "Packing it"
  # zstd packs and unpacks many times faster than what mmdebstrap itself would use, and every pool unpacks it.
  # shellcheck disable=SC2016 # the inner shell's own argument
  within sh -c 'exec tar2sqfs --quiet --compressor zstd "$1/rootfs.squashfs" <"$1/rootfs.tar" 2>"$1/log"' sh "$2" || {
    tail -n 5 "$2/log" >&2
    fail "tar2sqfs could not pack the root file system within $BUILD_SECONDS s (WARMPOOL_BUILD_SECONDS)"
  }
  mv "$2/rootfs.squashfs" "$3/rootfs.squashfs"
  rm "$2/rootfs.tar"
}

# What Incus is to know of the image, as $4/metadata.tar.
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
  /etc/hosts: { when: [create, copy], template: hosts.tpl }
  /var/lib/cloud/seed/nocloud-net/meta-data: { when: [create, copy], template: meta-data.tpl }
  /var/lib/cloud/seed/nocloud-net/user-data:
    when: [create, copy]
    template: user-data.tpl
    properties: { default: "#cloud-config" }
META
  printf '{{ instance.name }}\n' >"$3/meta/templates/hostname.tpl"
  printf '127.0.0.1\tlocalhost\n127.0.1.1\t{{ instance.name }}\t{{ instance.name }}\n::1\tlocalhost ip6-localhost ip6-loopback\n' >"$3/meta/templates/hosts.tpl"
  printf 'instance-id: {{ instance.name }}\nlocal-hostname: {{ instance.name }}\n' >"$3/meta/templates/meta-data.tpl"
  printf '{{ config_get("cloud-init.user-data", properties.default) }}\n' >"$3/meta/templates/user-data.tpl"
  tar -C "$3/meta" -cf "$3/metadata.tar" metadata.yaml templates
  mv "$3/metadata.tar" "$4/metadata.tar"
}

# Under a fingerprint first; then the alias moves, and what had only that one goes.
import() {
  fingerprint=$(cat "$1/metadata.tar" "$1/rootfs.squashfs" | sha256sum | cut -d ' ' -f 1)
  size=$(du -m "$1/rootfs.squashfs" | cut -f 1)
  before=$(ask query "/1.0/images/aliases/$ALIAS?project=$PROJECT" 2>/dev/null | sed -n 's/.*"target": *"\([0-9a-f]*\)".*/\1/p')
  say "Importing it into Incus"
  importing=yes
  if ! ask image show "$fingerprint" --project "$PROJECT" >/dev/null 2>&1; then
    within incus image import "$1/metadata.tar" "$1/rootfs.squashfs" --project "$PROJECT" >/dev/null ||
      fail "Incus did not take the image within $BUILD_SECONDS s (WARMPOOL_BUILD_SECONDS); it is kept in $1 for the next run"
  fi
  if [ -z "$before" ]; then
    ask image alias create "$ALIAS" "$fingerprint" --project "$PROJECT" >/dev/null
  else
    ask query -X PUT -d "{\"target\":\"$fingerprint\"}" "/1.0/images/aliases/$ALIAS?project=$PROJECT" >/dev/null
  fi
  importing=no
  forget_unnamed
  say "Imported the image $ALIAS ($size MiB) into the project $PROJECT"
}

main
