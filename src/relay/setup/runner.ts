/**
 * What runs on the machine, as two POSIX scripts. The runner takes the steps in order and outlives the connection and
 * the relay. It holds a lock on `alive` for its whole life, and so does the wrapper of the step that is running: while
 * either of them lives nobody starts another one, so no step ever runs twice at once. Recipe programs never get that
 * lock. The truth about the end is the file `exit`, which appears whole: `ok`, `failed STEP CODE` or `timeout STEP`
 * (STEP counted from 1). A step leaves `done/STEP` with the hash of its content and inputs, written by its wrapper: a
 * runner that comes later skips it.
 */
export const RUNNER = String.raw`set -u
umask 077
dir=$1 run=$2
cd /
exec 9>>"$dir/alive"
flock -w 10 9 || exit 75
log=$dir/log

# A marker begins a line of its own, whatever a step printed last.
mark() {
  if [ -s "$log" ] && [ -n "$(tail -c 1 "$log")" ]; then echo >>"$log"; fi
  echo "::warmpool $*" >>"$log"
}
now() { date +%s; }
finish() {
  rm -rf "$dir/secrets"
  mark "run-end $*"
  echo "$*" >"$dir/exit.new" && mv -f "$dir/exit.new" "$dir/exit"
  exit 0
}

. "$dir/env"
export WARMPOOL_SECRETS="$dir/secrets" WARMPOOL_HOME_FILE="$dir/home"
mark "run-start $run $(now)"
echo "$run" >"$dir/began"
for step in "$dir"/steps/*; do
  number=$(cat "$step/number")
  if [ "$(cat "$dir/done/$number" 2>/dev/null)" = "$(cat "$step/hash")" ]; then
    mark "step-skipped $number"
    continue
  fi
  if [ -f "$dir/home" ]; then WARMPOOL_HOME=$(cat "$dir/home"); export WARMPOOL_HOME; fi
  began=$(now)
  limit=$(cat "$step/timeout")
  mark "step-start $number $began"
  rm -f "$step/code"
  timeout -k 5 "$limit" /bin/sh "$dir/step" "$dir" "$step" >>"$log" 2>&1
  status=$?
  if [ -f "$step/code" ]; then code=$(cat "$step/code"); else code=$status; fi
  mark "step-end $number $code $(now)"
  if [ ! -f "$step/code" ] && [ "$(($(now) - began))" -ge "$limit" ]; then finish "timeout $number"; fi
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
if [ "$(head -c 2 "$step/script")" = '#!' ]; then
  chmod 0700 "$step/script"
  "$step/script" </dev/null 9>&-
else
  /bin/sh "$step/script" </dev/null 9>&-
fi
code=$?
# The time is over: nothing of this step goes on, not even what it put into the background.
[ "$late" = no ] || kill -KILL 0
umask 077
if [ "$code" = 0 ]; then
  mkdir -p "$dir/done"
  cp "$step/hash" "$dir/done.new" && mv -f "$dir/done.new" "$dir/done/$(cat "$step/number")"
fi
echo "$code" >"$step/code.new" && mv -f "$step/code.new" "$step/code"
`;
