/**
 * What runs on the machine, as two POSIX scripts. The runner takes the steps in order and outlives the connection and
 * the relay. It holds a lock on `alive` for its whole life, and so does the wrapper of the step that is running: while
 * either of them lives nobody starts another one, so no step ever runs twice at once. Recipe programs never get that
 * lock. The truth about the end is the file `exit`, which appears whole: `ok`, `failed STEP CODE` or `timeout STEP`
 * (STEP counted from 1). A step leaves `done/STEP` with the hash of its content and inputs, written by its wrapper: a
 * runner that comes later skips it.
 *
 * To start a program can cost more than what a short step does, so what the shell can do itself it does: a file of one
 * line is read by `read`, and the time is counted on from one `date` by the machine's own uptime.
 */
export const RUNNER = String.raw`set -u
umask 077
dir=$1 run=$2
cd /
exec 9>>"$dir/alive"
flock -w 10 9 || exit 75
log=$dir/log

# Sets line to the first line of a file, or to nothing.
read_line() { line=; { IFS= read -r line <"$1"; } 2>/dev/null || true; }
# A marker begins a line of its own, whatever a step printed last.
own_line() { [ ! -s "$log" ] || [ -z "$(tail -c 1 "$log")" ] || echo >>"$log"; }
mark() { echo "::warmpool $*" >>"$log"; }
# Sets up to the seconds since the machine booted, or to nothing if it does not tell.
read_uptime() { up=; { IFS=. read -r up _ </proc/uptime; } 2>/dev/null || true; }
epoch=$(date +%s)
read_uptime
[ -z "$up" ] || booted=$((epoch - up))
# Sets now to the seconds since 1970.
tell_time() {
  read_uptime
  if [ -n "$up" ]; then now=$((booted + up)); else now=$(date +%s); fi
}
finish() {
  rm -rf "$dir/secrets"
  mark "run-end $*"
  echo "$*" >"$dir/exit.new" && mv -f "$dir/exit.new" "$dir/exit"
  exit 0
}

. "$dir/env"
export WARMPOOL_SECRETS="$dir/secrets" WARMPOOL_HOME_FILE="$dir/home"
own_line
mark "run-start $run $epoch"
echo "$run" >"$dir/began"
for step in "$dir"/steps/*; do
  read_line "$step/number"; number=$line
  read_line "$step/hash"; hash=$line
  read_line "$dir/done/$number"
  if [ "$line" = "$hash" ]; then
    mark "step-skipped $number"
    continue
  fi
  if [ -f "$dir/home" ]; then read_line "$dir/home"; WARMPOOL_HOME=$line; export WARMPOOL_HOME; fi
  tell_time; began=$now
  read_line "$step/timeout"; limit=$line
  mark "step-start $number $began"
  [ ! -e "$step/code" ] || rm -f "$step/code"
  timeout -k 5 "$limit" /bin/sh "$dir/step" "$dir" "$step" >>"$log" 2>&1
  code=$?
  own_line
  tell_time
  if [ -f "$step/code" ]; then
    read_line "$step/code"; code=$line
  elif [ "$((now - began))" -ge "$limit" ]; then
    mark "step-end $number $code $now"
    finish "timeout $number"
  fi
  mark "step-end $number $code $now"
  if [ "$code" != 0 ]; then finish "failed $number $code"; fi
done
finish ok
`;

/** Runs one step under `timeout`, and writes how it ended; where the time ran out it writes nothing. */
export const STEP = String.raw`set -u
umask 022
dir=$1 step=$2
late=no
trap 'late=yes' TERM
line=
IFS= read -r line <"$step/script" || true
case $line in
  '#!'*) chmod 0700 "$step/script"; "$step/script" </dev/null 9>&- ;;
  *) /bin/sh "$step/script" </dev/null 9>&- ;;
esac
code=$?
# The time is over: nothing of this step goes on, not even what it put into the background.
[ "$late" = no ] || kill -KILL 0
umask 077
if [ "$code" = 0 ]; then
  [ -d "$dir/done" ] || mkdir "$dir/done"
  IFS= read -r hash <"$step/hash" || true
  IFS= read -r number <"$step/number" || true
  echo "$hash" >"$dir/done.new" && mv -f "$dir/done.new" "$dir/done/$number"
fi
echo "$code" >"$step/code.new" && mv -f "$step/code.new" "$step/code"
`;
