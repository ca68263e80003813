#!/bin/sh
# Makes this Debian machine (12 or 13, as root) one that the driver incus can use: the packages, the daemon, and in it
# a project, a storage pool and a profile of Warmpool's own; some limits of the kernel are raised. Looks before every step and does only what is missing,
# so it can run again at any time; it changes nothing of an Incus that is there already but adds those three.
#
#   install-incus.sh          installs and starts
#   install-incus.sh stop     ends the daemon that this script started by hand, and the machines in it with it
#
# scripts/uninstall-incus.sh takes away what it made; docs/incus.md lists that.
#
# Environment: WARMPOOL_INCUS_PROJECT, _POOL and _PROFILE name the three (all are called warmpool);
# WARMPOOL_INCUS_POOL_GIB is the size of the pool's loop file, which takes only what is used (half of what is free).
set -eu
umask 022

. "$(dirname "$0")/debian-archive.sh"

PROJECT=${WARMPOOL_INCUS_PROJECT:-warmpool}
POOL=${WARMPOOL_INCUS_POOL:-warmpool}
PROFILE=${WARMPOOL_INCUS_PROFILE:-warmpool}
# On the project and the pool that this script makes: uninstall-incus.sh removes no others.
MADE=user.warmpool.made-by=install-incus.sh
DAEMON=/usr/libexec/incus/incusd
HOME_DIR=/var/lib/incus
PID_FILE=/run/warmpool-incusd.pid
LXCFS=/usr/bin/lxcfs
LXCFS_DIR=/var/lib/lxcfs
LXCFS_PID_FILE=/run/warmpool-lxcfs.pid
LXCFS_SECONDS=10
START_SECONDS=120
SHUTDOWN_SECONDS=90

# Every question to the daemon ends by itself. The client would take what comes on standard input for configuration.
ask() { timeout 60 incus "$@" </dev/null; }

has_systemd() { [ -d /run/systemd/system ]; }

answers() { [ -S "$HOME_DIR/unix.socket" ] && timeout 10 incus query /1.0 </dev/null >/dev/null 2>&1; }

# The process that this script started by hand as PROGRAM and noted in FILE, or nothing.
#   own FILE PROGRAM
own() {
  [ -f "$1" ] || return 0
  pid=$(cat "$1")
  [ "$(readlink "/proc/$pid/exe" 2>/dev/null)" = "$2" ] && printf '%s\n' "$pid"
  return 0
}

own_daemon() { own "$PID_FILE" "$DAEMON"; }

# by_hand FILE LOG PROGRAM ARGUMENT…: starts it and notes its process in FILE. In a session of its own, so that neither
# the terminal nor who called this takes it along; and without the caller's files, such as a lock that would be held for
# as long as it runs. Nor does it get the caller's environment.
by_hand() {
  noted=$1
  log=$2
  shift 2
  setsid env -i PATH="$PATH" "$@" </dev/null >"$log" 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
  printf '%s\n' "$!" >"$noted"
}

# Within a machine `free`, `top` and `uptime` tell of that machine by lxcfs, which Incus uses for those that start while it
# runs. Without it they tell of the node, and everything else works.
start_lxcfs() {
  [ ! -r "$LXCFS_DIR/proc/meminfo" ] || return 0
  if [ ! -x "$LXCFS" ] && ! (install_packages lxcfs); then return 0; fi
  if has_systemd; then
    systemctl start lxcfs.service || say "lxcfs does not start (journalctl -u lxcfs): within machines free shows the node's memory"
    return 0
  fi
  # What one that has died left is in the way, and answers nothing.
  umount --lazy "$LXCFS_DIR" 2>/dev/null || true
  mkdir -p "$LXCFS_DIR" /var/log/incus
  by_hand "$LXCFS_PID_FILE" /var/log/incus/lxcfs.log "$LXCFS" --pidfile=/run/lxcfs.pid "$LXCFS_DIR"
  for _ in $(seq "$((LXCFS_SECONDS * 10))"); do
    if [ -r "$LXCFS_DIR/proc/meminfo" ]; then
      say "Started lxcfs: within machines free shows their own memory"
      return 0
    fi
    [ -n "$(own "$LXCFS_PID_FILE" "$LXCFS")" ] || break
    sleep 0.1
  done
  say "lxcfs does not start here (/var/log/incus/lxcfs.log): within machines free shows the node's memory"
}

install() {
  if command -v incus >/dev/null && [ -x "$DAEMON" ]; then
    say "Incus is installed: $(incus --version 2>/dev/null)"
  else
    apt update >/dev/null || fail "apt-get update failed: are the machine's apt sources right?"
    release=$(debian_release)
    from=""
    if ! apt-cache show incus >/dev/null 2>&1; then
      add_backports "$release"
      from="-t $release-backports"
    fi
    # shellcheck disable=SC2086 # two words
    install_packages $from incus
    say "Installed Incus $(incus --version 2>/dev/null)"
  fi
  if ! command -v mkfs.btrfs >/dev/null; then
    apt update >/dev/null
    install_packages btrfs-progs
    say "Installed btrfs-progs"
  fi
}

add_backports() {
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -f "$keyring" ] || fail "$keyring is missing: install debian-archive-keyring"
  list=/etc/apt/sources.list.d/warmpool-backports.sources
  printf 'Types: deb\nURIs: %s\nSuites: %s-backports\nComponents: main\nSigned-By: %s\n' \
    "$(debian_archive "$1")" "$1" "$keyring" >"$list"
  apt update >/dev/null || fail "apt-get update failed with the backports that $list adds"
  apt-cache show incus >/dev/null 2>&1 || fail "neither $1 nor $1-backports has the package incus"
  say "Added $1-backports to apt's sources ($list)"
}

# What all machines share of the kernel, and the defaults of which are used up by about sixteen of them: the next
# one's systemd then ends with "Too many open files". The values are those that Incus's manual gives for servers.
raise_limits() {
  file=/etc/sysctl.d/60-warmpool-incus.conf
  raised=""
  for limit in fs.inotify.max_user_instances=1048576 fs.inotify.max_user_watches=1048576 \
    fs.inotify.max_queued_events=1048576 kernel.keys.maxkeys=2000 kernel.keys.maxbytes=2000000; do
    name=${limit%=*}
    # Never lowered: somebody may have set more.
    [ "$(cat "/proc/sys/$(printf '%s' "$name" | tr . /)")" -lt "${limit#*=}" ] || continue
    printf '%s' "${limit#*=}" >"/proc/sys/$(printf '%s' "$name" | tr . /)" || fail "the kernel does not let $name be raised"
    grep -qxF "$limit" "$file" 2>/dev/null || printf '%s\n' "$limit" >>"$file"
    raised="$raised $name"
  done
  [ -z "$raised" ] || say "Raised limits of the kernel (kept in $file):$raised"
}

start() {
  if answers; then
    say "The daemon answers"
    return
  fi
  if has_systemd; then
    timeout "$START_SECONDS" systemctl start incus.socket incus.service ||
      fail "systemd could not start Incus: see journalctl -u incus"
    say "Started the daemon by systemd"
    return
  fi
  [ -z "$(own_daemon)" ] || fail "the daemon (process $(cat "$PID_FILE")) runs and does not answer: run $0 stop"
  mkdir -p /var/log/incus
  by_hand "$PID_FILE" /dev/null "$DAEMON" --group incus-admin --logfile /var/log/incus/incus.log
  if ! "$DAEMON" waitready --timeout="$START_SECONDS" || ! answers; then
    tail -n 20 /var/log/incus/incus.log >&2
    fail "the daemon did not answer within $START_SECONDS s; its last words are above"
  fi
  say "Started the daemon by hand (no systemd here); end it with: $0 stop"
}

set_up() {
  if ask storage show "$POOL" >/dev/null 2>&1; then
    say "The storage pool $POOL is there"
  else
    make_pool
  fi
  if ask project show "$PROJECT" >/dev/null 2>&1; then
    say "The project $PROJECT is there"
  else
    ask project create "$PROJECT" -c "$MADE" -c features.images=true -c features.profiles=true \
      -c features.storage.volumes=true >/dev/null
    say "Made the project $PROJECT"
  fi
  if ask profile show "$PROFILE" --project "$PROJECT" >/dev/null 2>&1; then
    say "The profile $PROFILE is there"
  else
    ask profile create "$PROFILE" --project "$PROJECT" >/dev/null
    say "Made the profile $PROFILE"
  fi
  if ! ask profile device get "$PROFILE" root path --project "$PROJECT" >/dev/null 2>&1; then
    ask profile device add "$PROFILE" root disk path=/ pool="$POOL" --project "$PROJECT" >/dev/null
    say "Gave the profile $PROFILE a root disk; machines that need a network get it by a network device there"
  fi
}

make_pool() {
  free_gib=$(($(df --output=avail -k "$HOME_DIR" | tail -n 1) / 1048576))
  gib=${WARMPOOL_INCUS_POOL_GIB:-$((free_gib / 2))}
  [ "$gib" -ge 3 ] || fail "a storage pool of $gib GiB is too small ($free_gib GiB are free on $HOME_DIR); 3 is the least"
  if why=$(ask storage create "$POOL" btrfs "$MADE" size="${gib}GiB" 2>&1); then
    say "Made the storage pool $POOL: btrfs on a loop file of $gib GiB"
  else
    say "btrfs on a loop file does not work here: $why"
    ask storage create "$POOL" dir "$MADE" >/dev/null
    say "Made the storage pool $POOL: plain folders, slower and without a limit on a machine's disk"
  fi
}

stop() {
  if [ -z "$(own_daemon)" ]; then
    say "There is no daemon that this script started"
  else
    # Machines are asked to shut down, then the daemon ends; both within the time given.
    timeout "$SHUTDOWN_SECONDS" "$DAEMON" shutdown --timeout "$((SHUTDOWN_SECONDS - 30))" || true
    end "$PID_FILE" "$DAEMON"
    say "Stopped the daemon"
  fi
  # Only now: a machine that runs without it has no /proc/meminfo at all.
  if [ -n "$(own "$LXCFS_PID_FILE" "$LXCFS")" ]; then
    end "$LXCFS_PID_FILE" "$LXCFS"
    umount --lazy "$LXCFS_DIR" 2>/dev/null || true
    rm -f /run/lxcfs.pid
    say "Stopped lxcfs"
  fi
  rm -f "$PID_FILE" "$LXCFS_PID_FILE"
}

# end FILE PROGRAM: what `own` gives, gently first.
end() {
  for signal in TERM KILL; do
    running=$(own "$1" "$2")
    [ -n "$running" ] || return 0
    kill -s "$signal" "$running" 2>/dev/null || true
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      [ -n "$(own "$1" "$2")" ] || return 0
      sleep 1
    done
  done
}

[ "$(id -u)" = 0 ] || fail "run it as root: it installs packages and starts a daemon"
case "${1:-install}" in
install)
  install
  raise_limits
  start_lxcfs
  start
  set_up
  say "Ready: project $PROJECT, storage pool $POOL, profile $PROFILE. Next: scripts/build-image.sh"
  ;;
stop) stop ;;
*) fail "unknown command $1: install (the default) or stop" ;;
esac
