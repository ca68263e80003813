#!/bin/sh
# Runs the server or a relay as a service of systemd on this Debian host (12 or 13, as root), from the installed package or
# the checkout that this script is in. It can run again at any time, and has to after an upgrade: it looks before every
# step, writes the units again, migrates the database and restarts the service. docs/own-server.md shows the commands.
#
#   install-service.sh server [--listen ADDRESS:PORT]
#   install-service.sh relay [--url URL] [-- OPTION…]     the options are those of `warmpool relay run`
#   install-service.sh server|relay --remove [--purge]    --purge: also the settings, the state and the user
#
# Secrets come by the environment or standard input, never as arguments: DATABASE_URL for the server (or written into
# /etc/warmpool/server.env by hand), WARMPOOL_JOIN_TOKEN for the relay (or a line of standard input).
# NODE_EXTRA_CA_CERTS, the file of a private CA, and WARMPOOL_NODE, the Node to use, are taken from it too.
set -eu
umask 022

here=$(cd "$(dirname "$0")" && pwd -P)
package=$(dirname "$here")
. "$here/debian-archive.sh"

UNITS=/etc/systemd/system
SETTINGS=/etc/warmpool
RELAY_STATE=/var/lib/warmpool-relay

usage() { fail "usage: install-service.sh server [--listen ADDRESS:PORT] | relay [--url URL] [-- OPTION…] | server|relay --remove [--purge]"; }

# The Node that the services run: the one that is named, the one in PATH, or the one that npm has beside the package.
find_node() {
  needed=$(sed -n 's/^const NEEDED = \[\(.*\)\];$/\1/p' "$package/bin/warmpool.js")
  [ -n "$needed" ] || fail "$package/bin/warmpool.js is missing or of another version than this script"
  for candidate in "${WARMPOOL_NODE:-}" "$(command -v node || true)" "$package/node_modules/node/bin/node" "$package/../node/bin/node"; do
    [ -n "$candidate" ] && [ -x "$candidate" ] || continue
    "$candidate" -e "const [a, b] = process.versions.node.split('.'); const [major, minor] = [$needed];
      process.exit(+a > major || (+a === major && +b >= minor) ? 0 : 1)" || continue
    readlink -f "$candidate"
    return
  done
  fail "there is no Node $(printf '%s' "$needed" | sed 's/, /./') or newer: install one, for example below /usr/local, or name it by WARMPOOL_NODE"
}

# A service sees neither /home nor /root, and its user may enter no other folder that is closed to all.
check_place() {
  for path in "$node" "$package"; do
    case $path in
    /home/* | /root/* | /run/user/*) fail "services cannot see $path: put it elsewhere, such as below /opt or /usr/local" ;;
    esac
  done
  (cd / && setpriv --reuid="$1" --regid="$1" --clear-groups "$node" "$package/bin/warmpool.js" --version >/dev/null) ||
    fail "the user $1 cannot run $package/bin/warmpool.js by $node, as it says above"
}

make_user() {
  getent passwd "$1" >/dev/null && return
  useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$1"
  say "Made the user $1"
}

# What a program is called in a checkout, or in an installed package.
program() {
  if [ -f "$package/src/$1.ts" ]; then printf '%s\n' "$package/src/$1.ts"; else printf '%s\n' "$package/dist/$1.js"; fi
}

# write_unit NAME [KEY VALUE]…: the unit with its places filled in; `changed` becomes yes if that is a new one.
write_unit() {
  unit=$1
  shift
  script="/^@sandbox@\$/{
r $here/service/sandbox.conf
d
}"
  while [ $# -gt 0 ]; do
    script="$script
s|@$1@|$(literally "$2")|g"
    shift 2
  done
  fresh=$(mktemp)
  sed "$script" "$here/service/$unit" >"$fresh"
  if ! cmp -s "$fresh" "$UNITS/$unit"; then
    cp "$fresh" "$UNITS/$unit"
    chmod 644 "$UNITS/$unit"
    say "Wrote $UNITS/$unit"
  fi
  rm -f "$fresh"
}

# As the right side of sed's command s, between bars.
literally() { printf '%s' "$1" | sed 's/[\\&|]/\\&/g'; }

# keep_settings FILE: what comes on standard input, if there is no such file; for root alone.
keep_settings() {
  mkdir -p "$SETTINGS"
  if [ -e "$1" ]; then
    chmod 600 "$1"
    return
  fi
  (umask 077 && cat >"$1")
  say "Wrote $1 (mode 0600)"
}

# What FILE sets NAME to.
setting() { sed -n "s/^$2=//p" "$1" | tail -n 1; }

# change FILE NAME VALUE: by the shell alone, because everybody can read the arguments of programs.
change() {
  fresh=$(mktemp "$1.XXXXXX")
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
    "$2="*) printf '%s=%s\n' "$2" "$3" ;;
    *) printf '%s\n' "$line" ;;
    esac
  done <"$1" >"$fresh"
  mv "$fresh" "$1"
}

# Several words or a quote would be something else in the file.
plain() {
  case $2 in
  *[[:space:]\"\'\\]*) fail "$1 has a space, a quote or a backslash: write it into the settings file by hand" ;;
  esac
}

# start UNIT: restarts it, and shows why if it does not come up.
start() {
  systemctl restart "$1" && return
  journalctl --unit "$1" --lines 20 --no-pager --output cat >&2 || true
  fail "$1 did not start; its last words are above"
}

install_server() {
  node=$(find_node)
  make_user warmpool-server
  check_place warmpool-server
  file=$SETTINGS/server.env
  plain DATABASE_URL "${DATABASE_URL:-}"
  secret() { "$node" -p "require('node:crypto').randomBytes(32).toString('$1')"; }
  keep_settings "$file" <<SETTINGS
# Settings of warmpool-server.service, described in $package/docs/own-server.md.
DATABASE_URL=${DATABASE_URL:-}
# The first admin's token, and what seals secret parameters. Keep a copy of the second: without it they cannot be read.
WARMPOOL_ADMIN_TOKEN=wp_admin_$(secret base64url)
WARMPOOL_SECRET_KEY=$(secret base64)
# Where browsers reach it, and the proxies that say where a request came from:
#WARMPOOL_PUBLIC_URL=https://warmpool.example.com
#WARMPOOL_TRUSTED_PROXIES=127.0.0.1
${NODE_EXTRA_CA_CERTS:+NODE_EXTRA_CA_CERTS=$NODE_EXTRA_CA_CERTS}
SETTINGS
  if [ -n "${DATABASE_URL:-}" ]; then change "$file" DATABASE_URL "$DATABASE_URL"; fi
  before=$(sed -n 's/^ListenStream=//p' "$UNITS/warmpool-server.socket" 2>/dev/null || true)
  listen=${listen:-${before:-127.0.0.1:8787}}
  write_unit warmpool-server.socket listen "$listen"
  write_unit warmpool-server.service node "$node" package "$package" server "$(program server)"
  write_unit warmpool-migrate.service node "$node" migrate "$(program db/migrate)"
  systemctl daemon-reload
  if [ -z "$(setting "$file" DATABASE_URL)" ]; then
    say "Not started yet: write DATABASE_URL into $file, and run this again"
    return
  fi
  start warmpool-migrate.service
  say "The database is migrated"
  systemctl --quiet enable warmpool-server.socket warmpool-server.service
  if [ "$before" != "$listen" ]; then systemctl stop warmpool-server.service warmpool-server.socket; fi
  systemctl start warmpool-server.socket
  start warmpool-server.service
  say "The server runs on http://$listen, now and after each boot. Its first admin token is in $file"
}

install_relay() {
  node=$(find_node)
  make_user warmpool-relay
  check_place warmpool-relay
  file=$SETTINGS/relay.env
  if [ -n "$options" ] && [ -e "$file" ]; then
    change "$file" WARMPOOL_RELAY_OPTIONS "$options"
  fi
  keep_settings "$file" <<SETTINGS
# Settings of warmpool-relay.service, described in $package/docs/own-server.md.
WARMPOOL_RELAY_OPTIONS=$options
${NODE_EXTRA_CA_CERTS:+NODE_EXTRA_CA_CERTS=$NODE_EXTRA_CA_CERTS}
SETTINGS
  options=$(setting "$file" WARMPOOL_RELAY_OPTIONS)
  groups=""
  case " $options " in
  *" --driver incus "*)
    getent group incus-admin >/dev/null || fail "there is no group incus-admin: run $here/install-incus.sh first"
    # Incus has one door for machines in a project of its own choice, and who may use it may do everything in Incus.
    groups="SupplementaryGroups=incus-admin"
    ;;
  *" --driver "*) ;;
  *) fail "name the driver, such as: install-service.sh relay --url https://warmpool.example.com -- --driver incus" ;;
  esac
  write_unit warmpool-relay.service node "$node" package "$package" groups "$groups"
  systemctl daemon-reload
  mkdir -p "$RELAY_STATE"
  chmod 700 "$RELAY_STATE"
  chown warmpool-relay:warmpool-relay "$RELAY_STATE"
  if [ -e "$RELAY_STATE/relay.json" ]; then say "This host has joined already"; else join "$file"; fi
  systemctl --quiet enable warmpool-relay.service
  start warmpool-relay.service
  say "The relay runs, now and after each boot"
}

# Exchanges the join token for the node's credential, as the user of the service and with the CA of its settings.
join() {
  [ -n "$url" ] || fail "this host has not joined: give --url, and the token that \`warmpool node enroll NAME\` prints"
  token=${WARMPOOL_JOIN_TOKEN:-}
  if [ -z "$token" ]; then
    [ ! -t 0 ] || printf 'Join token (from `warmpool node enroll NAME`): '
    read -r token || fail "there is no join token: put it into WARMPOOL_JOIN_TOKEN, or write it to standard input"
  fi
  ca=$(setting "$1" NODE_EXTRA_CA_CERTS)
  (
    cd "$RELAY_STATE"
    export WARMPOOL_JOIN_TOKEN="$token"
    if [ -n "$ca" ]; then export NODE_EXTRA_CA_CERTS="$ca"; fi
    setpriv --reuid=warmpool-relay --regid=warmpool-relay --clear-groups --no-new-privs \
      "$node" "$package/bin/warmpool.js" relay join --url "$url" --dir "$RELAY_STATE"
  ) || fail "this host could not join, as it says above"
}

remove() {
  case $1 in
  server) units="warmpool-server.service warmpool-server.socket warmpool-migrate.service" state="" ;;
  *) units="warmpool-relay.service" state=$RELAY_STATE ;;
  esac
  for unit in $units; do
    [ -e "$UNITS/$unit" ] || continue
    systemctl --quiet disable --now "$unit" 2>/dev/null || systemctl stop "$unit"
    rm -f "$UNITS/$unit"
    rm -rf --one-file-system "$UNITS/$unit.d"
    say "Removed $UNITS/$unit"
  done
  systemctl daemon-reload
  if [ "$purge" = yes ]; then
    rm -f "$SETTINGS/$1.env"
    [ -z "$state" ] || rm -rf --one-file-system "$state"
    rmdir "$SETTINGS" 2>/dev/null || true
    # What a relay has started, and still runs, keeps its user; that is then said below.
    ! getent passwd "warmpool-$1" >/dev/null || userdel "warmpool-$1" || true
    say "Removed the settings and the state"
  fi
  left=""
  for path in "$SETTINGS/$1.env" $state; do
    [ ! -e "$path" ] || left="$left, $path"
  done
  ! getent passwd "warmpool-$1" >/dev/null || left="$left, the user warmpool-$1"
  say "Left: $package$left"
  if [ "$1" = server ]; then say "The database is as it was"; else say "The machines of this node are as they were, and so is the node in Warmpool"; fi
}

[ "$(id -u)" = 0 ] || fail "run it as root: it writes units of systemd"
what=${1:-}
case $what in
server | relay) shift ;;
*) usage ;;
esac
listen=""
url=""
options=""
removes=no
purge=no
while [ $# -gt 0 ]; do
  case $what$1 in
  server--listen | relay--url)
    [ $# -ge 2 ] || usage
    case $1 in --listen) listen=$2 ;; *) url=$2 ;; esac
    shift
    ;;
  relay--)
    shift
    for word in "$@"; do plain "the option" "$word"; done
    options=$*
    break
    ;;
  *--remove) removes=yes ;;
  *--purge) purge=yes ;;
  *) usage ;;
  esac
  shift
done
[ -d /run/systemd/system ] || fail "this host does not run systemd"
if [ "$removes" = yes ]; then remove "$what"; else "install_$what"; fi
