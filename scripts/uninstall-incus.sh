#!/bin/sh
# Takes away what install-incus.sh and build-image.sh made on this machine; docs/incus.md lists it. Run it as root. It says
# what it will remove and asks before it does.
#
#   uninstall-incus.sh [--yes] [--machines] [--packages]
#
#   --yes        does not ask
#   --machines   deletes the machines of the project too, with all that is on them; without it, it refuses if there are any
#   --packages   also removes the Debian packages that those scripts installed, and the backports that they added to apt
#
# What is not Warmpool's stays: a project or a storage pool that was there before install-incus.sh ran, and everything else
# in the same Incus; and while there is any, the daemon, the packages and the settings of the kernel stay as well.
#
# Environment: WARMPOOL_INCUS_PROJECT, _POOL and _PROFILE, as they were for install-incus.sh.
set -eu
umask 022

here=$(dirname "$0")
. "$here/debian-archive.sh"

PROJECT=${WARMPOOL_INCUS_PROJECT:-warmpool}
POOL=${WARMPOOL_INCUS_POOL:-warmpool}
PROFILE=${WARMPOOL_INCUS_PROFILE:-warmpool}
SYSCTL=/etc/sysctl.d/60-warmpool-incus.conf
BACKPORTS=/etc/apt/sources.list.d/warmpool-backports.sources
BUILD_CACHE=/var/cache/warmpool
DELETE_SECONDS=300

yes=no
with_machines=no
with_packages=no
for word in "$@"; do
  case $word in
  --yes) yes=yes ;;
  --machines) with_machines=yes ;;
  --packages) with_packages=yes ;;
  *) fail "unknown option $word: --yes, --machines and --packages are all that there are" ;;
  esac
done

# Every question to the daemon ends by itself. The client would take what comes on standard input for configuration.
ask() { timeout "$DELETE_SECONDS" incus "$@" </dev/null; }

has_incus() { command -v incus >/dev/null; }

# Whether it is there and ours: marked by install-incus.sh, or of the name that is Warmpool's (earlier versions set no mark).
has_project() { is_ours "$PROJECT" project; }
has_pool() { is_ours "$POOL" storage; }
is_ours() {
  ask "$2" show "$1" >/dev/null 2>&1 || return 1
  [ "$1" = warmpool ] || [ "$(ask "$2" get "$1" user.warmpool.made-by 2>/dev/null)" = install-incus.sh ]
}

main() {
  [ "$(id -u)" = 0 ] || fail "run it as root: it removes what root made"
  [ "$PROJECT" != default ] || fail "the project default is everybody's: it removes nothing from there"
  machines=""
  others=""
  if has_incus; then
    ask query /1.0 >/dev/null 2>&1 ||
      fail "Incus does not answer, so nothing in it can be removed: start it by scripts/install-incus.sh, and run this again"
    if has_project; then machines=$(ask list --project "$PROJECT" --format csv --columns n); fi
    others=$(everybody_else)
  fi
  if [ -n "$machines" ] && [ "$with_machines" = no ]; then
    fail "the project $PROJECT has machines, and testers may be at work on them: $(one_line "$machines"). Release the testers" \
      "and end what makes the machines (npm start -- --destroy, or the node's relay), or give --machines to delete them with all" \
      "that is on them"
  fi
  announce
  [ "$yes" = yes ] || confirm
  if has_incus; then empty_incus; fi
  rm -rf --one-file-system "$BUILD_CACHE"
  if [ -n "$others" ]; then
    say "Left as it is: Incus itself and the settings of the kernel, because Incus also has: $(one_line "$others")"
  else
    remove_rest
  fi
}

# What Incus has that is not this Warmpool's, a line each. A project default and its profile are in every Incus.
everybody_else() {
  ask project list --format csv --columns n | sed 's/ (current)$//' | while read -r name; do
    [ "$name" = default ] || { [ "$name" = "$PROJECT" ] && has_project; } || say "project $name"
  done
  ask storage list --format csv --columns n | while read -r name; do
    { [ "$name" = "$POOL" ] && has_pool; } || say "storage pool $name"
  done
  ask list --project default --format csv --columns n | sed 's/^/machine /'
}

one_line() { printf '%s' "$1" | tr '\n' ',' | sed 's/,/, /g'; }

announce() {
  say "This removes, if it is there:"
  if has_incus && has_project; then say "  the Incus project $PROJECT, with its images and its profile $PROFILE"; fi
  [ -z "$machines" ] || say "  its machines, with all that is on them: $(one_line "$machines")"
  if has_incus && has_pool; then say "  the storage pool $POOL, with its loop file"; fi
  say "  what an image build that was ended has kept: $BUILD_CACHE"
  [ -z "$others" ] || return 0
  say "  the daemon, where install-incus.sh started it by hand; $SYSCTL"
  [ "$with_packages" = no ] || say "  the packages $(one_line "$(cat "$INSTALLED_LIST" 2>/dev/null)"), and $BACKPORTS"
}

confirm() {
  [ -t 0 ] || fail "it would ask now, and there is no terminal: give --yes if this is meant"
  printf 'Go on? (y/N) '
  read -r answer
  case $answer in
  y | Y | yes) ;;
  *) fail "nothing was removed" ;;
  esac
}

empty_incus() {
  if has_project; then
    for machine in $machines; do
      ask delete --force "$machine" --project "$PROJECT"
      say "Deleted the machine $machine"
    done
    for image in $(ask image list --project "$PROJECT" --format csv --columns F); do
      ask image delete "$image" --project "$PROJECT"
    done
    [ "$PROFILE" = default ] || ! ask profile show "$PROFILE" --project "$PROJECT" >/dev/null 2>&1 ||
      ask profile delete "$PROFILE" --project "$PROJECT" >/dev/null
    ask project delete "$PROJECT" >/dev/null ||
      fail "Incus keeps the project $PROJECT, as it says above: something in it is nobody's that this script knows"
    say "Removed the project $PROJECT, its images and its profile"
  fi
  if has_pool; then
    ask storage delete "$POOL" >/dev/null ||
      fail "Incus keeps the storage pool $POOL, as it says above: another project may have something in it"
    say "Removed the storage pool $POOL"
  fi
}

remove_rest() {
  if has_incus; then sh "$here/install-incus.sh" stop; fi
  if [ -e "$SYSCTL" ]; then
    rm -f "$SYSCTL"
    say "Removed $SYSCTL; the kernel keeps the values until it starts again"
  fi
  if [ "$with_packages" = yes ]; then
    remove_packages
  elif [ -s "$INSTALLED_LIST" ]; then
    say "Kept the packages that were installed ($(one_line "$(cat "$INSTALLED_LIST")")); --packages removes them"
  fi
  rm -f /var/log/incus/lxcfs.log
}

remove_packages() {
  present=""
  while read -r package; do
    ! is_installed "$package" || present="$present $package"
  done <"$INSTALLED_LIST" 2>/dev/null || true
  # shellcheck disable=SC2086 # a list
  [ -z "$present" ] || apt purge $present >/dev/null || fail "apt could not remove:$present"
  rm -f "$BACKPORTS" "$INSTALLED_LIST"
  rmdir "${INSTALLED_LIST%/*}" 2>/dev/null || true
  say "Removed the packages$present; apt-get autoremove takes those that only they needed"
}

main
