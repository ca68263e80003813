# Sourced by the scripts that build images, after debian-archive.sh: programs that take long, with a deadline, and an end
# to all of it at Ctrl-C, a SIGTERM or a SIGHUP.
#
# A shell runs its traps only once the program in its foreground has ended, and apt gives dpkg a session of its own, which
# no signal to a group reaches. So each program runs beside the shell, which waits for it, and in a PID and a mount
# namespace of its own: when its first process ends, the kernel ends all others and takes their mounts away.

# How long any one step may take, in seconds.
BUILD_SECONDS=${WARMPOOL_BUILD_SECONDS:-3600}
case $BUILD_SECONDS in
'' | *[!0-9]* | 0*) fail "WARMPOOL_BUILD_SECONDS is '$BUILD_SECONDS': it takes a whole number of seconds, 1 at least" ;;
esac

child=""

# within COMMAND…: runs it for BUILD_SECONDS at most (then 124). It reads nothing.
within() {
  setsid timeout --kill-after=10 "$BUILD_SECONDS" "$@" </dev/null &
  child=$!
  status=0
  wait "$child" || status=$?
  child=""
  return "$status"
}

# apart COMMAND…: the same in namespaces of its own.
apart() { within unshare --mount --propagation private --pid --fork --kill-child --mount-proc "$@"; }

# on_end COMMAND: what is done last, however the script ends; `interrupted` is then a signal's name or empty.
on_end() {
  interrupted=""
  # shellcheck disable=SC2064 # the command is known now
  trap "$1" EXIT
  for signal in INT TERM HUP; do
    # shellcheck disable=SC2064 # and so is the signal
    trap "end_by $signal" "$signal"
  done
}

end_by() {
  interrupted=$1
  trap '' INT TERM HUP
  if [ -n "$child" ]; then
    kill -s TERM -- "-$child" 2>/dev/null || true
    # Returns at the latest when `timeout` has lost patience with it.
    wait "$child" || true
  fi
  case $1 in
  INT) exit 130 ;;
  HUP) exit 129 ;;
  *) exit 143 ;;
  esac
}
