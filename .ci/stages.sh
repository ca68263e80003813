# Sourced by .ci/run and .ci/nightly: how their stages run, how they are counted, and how all of it ends.
#
# A script defines the stages as two functions and calls `run_lanes`:
#
#   computing   needs nothing but this checkout
#   on_incus    needs Incus, and mostly waits for machines
#
# Where Incus can run, the two are lanes beside each other. Both compare what the machine holds before and after, and
# so does `accept` within them: what the other lane starts must not look like something that was left behind. So the
# lane `computing` gets processes, network and temporary folders of its own (see `seal`), it cannot see the other lane,
# and scripts/leftovers.ts leaves the processes of that lane out in this one. Where that is not possible the lanes run
# one after the other; without Incus `on_incus` is left out.
#
# Each line that a stage prints begins with the stage's name; `grep '^accept |'` gives one stage's output back.

export CI=true
# npm keeps compiled code in the temporary folder, where it would look like something that was left behind. (Within the
# test suites the leash sets it.)
export NODE_DISABLE_COMPILE_CACHE=1

running=""  # the stage that runs in this lane
lanes=()    # process groups of the lanes beside this one

# start: the folder of this run, what happens when it ends or is ended, and the programs that it needs.
start() {
  # Not in TMPDIR, which may be anywhere: the sealed lane has to find it, see `seal`.
  logs=$(mktemp -d -p /var/tmp warmpool-ci-XXXXXX)
  export logs
  mkdir "$logs/counts"
  stops_incus=no
  trap clean_up EXIT
  trap 'stop 130' INT
  trap 'stop 143' TERM HUP
  # What test tools keep for themselves (a token, a choice about metrics) they keep here.
  export XDG_CONFIG_HOME="$logs/config" XDG_DATA_HOME="$logs/data" XDG_CACHE_HOME="$logs/cache"
  # Not looked at: this run's folder, and where wrangler and tsx (for drizzle-kit) put their temporary files.
  WARMPOOL_APART="$logs:$PWD/.wrangler:${TMPDIR:-/tmp}/tsx-$(id -u)"
  export WARMPOOL_APART
  install_programs
}

# Programs that the tests and the acceptance run use, and the Debian packages they are in.
install_programs() {
  local missing=() pair
  for pair in ssh:openssh-client ssh-keygen:openssh-client ssh-keyscan:openssh-client perl:perl-base ip:iproute2 \
    unshare:util-linux setpriv:util-linux flock:util-linux setsid:util-linux git:git pgbouncer:pgbouncer \
    chromium:chromium openssl:openssl nginx:nginx-light caddy:caddy \
    pg_ctlcluster:postgresql; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    apt-get update
    without_services apt-get install -y --no-install-recommends "${missing[@]}"
  fi
  if command -v promtool >/dev/null; then return; fi
  if scripts/get-promtool.sh "$logs/promtool"; then
    export PATH="$logs/promtool:$PATH"
  else
    echo "=== promtool: could not be had; the test of the alert rules is skipped"
  fi
}

# without_services COMMAND…: what apt installs is not started as a service of this machine.
without_services() {
  local policy=/usr/sbin/policy-rc.d status=0
  if [ -e "$policy" ]; then policy=""; else
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  DEBIAN_FRONTEND=noninteractive "$@" || status=$?
  [ -z "$policy" ] || rm -f "$policy"
  return "$status"
}

# run_lanes: everything from the installation to the last line. Does not return.
run_lanes() {
  local incus=no preparing=""
  start
  if [ "$(id -u)" = 0 ] && grep -qx 'ID=debian' /etc/os-release && unshare --mount true; then
    incus=yes
    incus_answers || stops_incus=yes
    # Incus, its project and its image are made once and stay. It takes minutes on a bare machine, and no Node.
    in_background stage incus 20m sh -c 'sh scripts/install-incus.sh && sh scripts/build-image.sh'
    preparing=$!
  else
    echo "=== incus: left out, with the stages that need it: they need root on Debian, and a kernel that lets root mount"
  fi
  stage install 15m npm ci
  if [ "$(failures install)" -gt 0 ]; then
    end_lanes
    finish
  fi
  # From here on Node is the one that npm brought.
  export PATH="$PWD/node_modules/.bin:$PATH"
  # Before what is there is written down: whatever serves the dashboard would build it in the checkout otherwise.
  stage dashboard 5m npm run --silent build:dashboard
  # Here and in no lane, because it asks the registry.
  stage audit 5m npm run --silent audit
  if [ "$incus" = yes ] && can_seal; then
    sealed computing
    export WARMPOOL_BESIDE=$!
  else
    [ -z "$preparing" ] || wait "$preparing" || true
    guarded computing
  fi
  if [ "$incus" = yes ]; then
    wait "$preparing" || true
    if [ -f "$logs/counts/incus" ] && [ "$(failures incus)" -eq 0 ]; then guarded on_incus; fi
    if declare -F on_host >/dev/null; then on_host; fi
  fi
  if [ -n "${WARMPOOL_BESIDE:-}" ]; then
    wait "$WARMPOOL_BESIDE" || count "lane computing" 0 1
  fi
  finish
}

# stage NAME LIMIT COMMAND…: a stage that counts nothing itself counts as one. It writes to a file and not to a pipe,
# which a process that it left behind would keep open indefinitely. It ends when this script is killed.
stage() {
  local name=$1 limit=$2 began=$SECONDS status=0 log="$logs/$1.log" shown counts
  shift 2
  echo "=== $name: $*"
  : >"$log"
  setpriv --pdeathsig TERM timeout --kill-after=60 "$limit" "$@" >"$log" 2>&1 </dev/null &
  running=$!
  tail --follow --lines=+1 --sleep-interval=0.2 --pid="$running" "$log" | sed --unbuffered "s/^/$name | /" &
  shown=$!
  wait "$running" || status=$?
  running=""
  wait "$shown" || echo "=== $name: not all that it printed could be shown"
  counts=$(sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -E '^[0-9]+ passed, [0-9]+ failed' | tail -n 1 || true)
  if [[ $counts =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
    if [ "$status" -ne 0 ] && [ "${BASH_REMATCH[2]}" -eq 0 ]; then
      count "$name" "${BASH_REMATCH[1]}" 1
    else
      count "$name" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
    fi
  elif [ "$status" -eq 0 ]; then
    count "$name" 1 0
  else
    count "$name" 0 1
  fi
  echo "=== $name: exit $status after $((SECONDS - began)) s"
}

# count NAME PASSED FAILED: in a file, because lanes are processes of their own.
count() {
  echo "$2 $3" >"$logs/counts/$1"
}

# failures [NAME]: how many there were so far, in one stage or in all.
failures() {
  local passed failed sum=0 file
  for file in "$logs/counts/"${1:-*}; do
    [ -f "$file" ] || continue
    read -r passed failed <"$file"
    sum=$((sum + failed))
  done
  echo "$sum"
}

# guarded LANE: runs the lane, and counts whether it left the machine as it was.
guarded() {
  if ! node scripts/leftovers.ts save "$logs/before-$1.json"; then
    count "snapshot before $1" 0 1
    return
  fi
  "$1"
  # No stage: what shows a stage's output would itself be seen.
  if node scripts/leftovers.ts compare "$logs/before-$1.json"; then
    count "leftovers of $1" 1 0
  else
    count "leftovers of $1" 0 1
  fi >"$logs/left-$1" 2>&1
  sed "s/^/leftovers of $1 | /" "$logs/left-$1"
}

# in_background COMMAND…: a lane in this machine; $! is its process.
in_background() {
  # shellcheck disable=SC2030 # a lane has none beside it
  ( trap 'stop 143' TERM && lanes=() && "$@" ) &
  # shellcheck disable=SC2031 # emptied for the lane only
  lanes+=("$!")
}

# sealed LANE: a lane in a machine of its own as far as leftovers go; $! is the process that all of it descends from.
# The group gets the signals; what the lane has started ends with its first process, and that with this script.
sealed() {
  export -f "${1?}"
  # shellcheck disable=SC2016 # it is the inner shell's own argument
  setsid setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc --net \
    bash -euo pipefail -c 'source .ci/stages.sh; trap "stop 143" TERM; seal; guarded "$1"' bash "$1" </dev/null &
  lanes+=("-$!")
}

can_seal() {
  unshare --mount --pid --fork --kill-child --mount-proc --net ip link set lo up 2>/dev/null && return
  echo "=== lanes: one after the other; this kernel gives no namespaces"
  return 1
}

# Within the namespaces: loopback and nothing else, temporary folders of its own, and of the folders that a snapshot
# lists those that the preparation of Incus changes as they are now. Incus itself is out of sight.
seal() {
  local point own="$logs/sealed" checkout=$PWD
  ip link set lo up
  mkdir -p "$own/tmp" "$own/var-tmp/${logs##*/}" "$own/checkout"
  chmod 1777 "$own/tmp" "$own/var-tmp"
  mount --bind "$checkout" "$own/checkout"
  cp -a /etc "$own/etc"
  mount --bind "$own/etc" /etc
  mount --bind "$own/tmp" /tmp
  # This run's own folder stays where it is.
  mount --rbind "$logs" "$own/var-tmp/${logs##*/}"
  mount --rbind "$own/var-tmp" /var/tmp
  unset TMPDIR
  # Otherwise these mounts would be busy for Incus for as long as the lane runs.
  awk '$2 ~ "^/var/lib/(incus|lxcfs)" { print $2 }' /proc/self/mounts | sort --reverse | while read -r point; do
    umount --lazy "$point"
  done
  mount -t tmpfs -o mode=755 none /var/lib
  mount -t tmpfs -o mode=755 none /run
  mkdir -m 1777 /run/lock
  mount -t tmpfs -o mode=1777 none /dev/shm
  # The checkout may be in a folder that is hidden now.
  if [ ! -d "$checkout" ]; then
    mkdir -p "$checkout"
    mount --bind "$own/checkout" "$checkout"
    cd "$checkout" || exit 1
  fi
}

incus_answers() {
  command -v incus >/dev/null && timeout 10 incus query /1.0 </dev/null >/dev/null 2>&1
}

# stop CODE: whoever ends the run ends its lanes and the stage that runs, and each of these what it has started.
stop() {
  trap '' INT TERM HUP
  end_lanes
  exit "$1"
}

end_lanes() {
  local one
  for one in $running ${lanes[@]+"${lanes[@]}"}; do kill -TERM -- "$one" 2>/dev/null || true; done
  wait || true
}

clean_up() {
  if [ "$stops_incus" = yes ] && [ -x /usr/libexec/incus/incusd ]; then sh scripts/install-incus.sh stop || true; fi
  rm -rf "$logs"
}

# what_failed STAGE: the lines of its log that name a failure, each once: a long output is often read from its end only.
what_failed() {
  [ -f "$logs/$1.log" ] || return 0
  sed 's/\x1b\[[0-9;]*m//g' "$logs/$1.log" |
    grep -E '^ *(FAIL|MISSED|Unhandled Errors?|[A-Za-z]*Error: )' |
    awk '!seen[$0]++ && ++lines <= 40 { print "  " substr($0, 1, 200) }' || true
}

# The last line, and the exit code.
finish() {
  local passed=0 failed=0 file one two
  echo
  for file in "$logs/counts/"*; do
    read -r one two <"$file"
    passed=$((passed + one))
    failed=$((failed + two))
    if [ "$two" -gt 0 ]; then
      echo "failed: $(basename "$file") ($two)"
      what_failed "$(basename "$file")"
    fi
  done
  echo "That took $SECONDS s."
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ] || exit 1
  exit 0
}
