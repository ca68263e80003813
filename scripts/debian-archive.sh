# Sourced by the scripts beside it. Where this machine gets Debian from is read out of its own apt sources, so that
# no address is written down here and a mirror or a proxy that the machine is set up for is used as well.

# The release this machine runs, such as bookworm.
debian_release() {
  (
    . /etc/os-release
    [ "${ID:-}" = debian ] && [ -n "${VERSION_CODENAME:-}" ] && printf '%s\n' "$VERSION_CODENAME"
  ) || fail "this is not a Debian release: the script knows Debian 12 and 13 only"
}

# Prints "ADDRESS SUITE" of every suite that apt has the main component of. Needs an apt-get update before.
debian_suites() {
  apt-get indextargets --format '$(ORIGIN)|$(REPO_URI) $(RELEASE)|$(COMPONENT)' 'Created-By: Packages' |
    sed -n 's/^Debian\( Backports\)\{0,1\}|\(.*\)|main$/\2/p' | sort -u
}

# The address of a release's own archive.
debian_archive() {
  address=$(debian_suites | sed -n "s/ $1\$//p" | head -n 1)
  [ -n "$address" ] || fail "apt on this machine has no source for $1 main: add one to /etc/apt/sources.list.d"
  printf '%s\n' "$address"
}

# A download that stalls fails after three tries of a minute each, instead of never.
apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 -o Acquire::http::Timeout=60 \
    -o DPkg::Lock::Timeout=300 "$@"
}

# What these scripts installed on this machine, a package a line: scripts/uninstall-incus.sh removes no other.
INSTALLED_LIST=/var/lib/warmpool/installed-packages

# Installs those of the packages that are missing: apt installs PACKAGE…, with options of apt before them.
install_packages() {
  log=$(mktemp)
  mkdir -p "${INSTALLED_LIST%/*}"
  for word in "$@"; do
    case $word in
    -* | */* | *-backports) ;;
    *) is_installed "$word" || grep -qxF "$word" "$INSTALLED_LIST" 2>/dev/null || printf '%s\n' "$word" >>"$INSTALLED_LIST" ;;
    esac
  done
  if ! apt install --no-install-recommends "$@" >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    fail "apt could not install: $*"
  fi
  rm -f "$log"
}

is_installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

say() { printf '%s\n' "$*"; }
fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}
