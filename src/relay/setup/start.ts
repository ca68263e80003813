import { quote, writeFile } from "../ssh/shell.ts";
import type { Plan } from "./plan.ts";
import { RUNNER, STEP } from "./runner.ts";
import { refuseTaken } from "./taken.ts";

/**
 * The one script that changes a machine for a set-up. Under the machine's lock it refuses a token below the highest
 * that was ever here, so a relay that slept cannot undo its successor, and a machine that another assignment was set up
 * on; then it starts the runner, unless it runs or
 * has ended already. It is shell functions, called in its last line: a script that arrives cut does nothing.
 */
export const EXIT = { fenced: 71, wornOut: 72, cannotWrite: 73, notStarted: 74, locked: 75 } as const;

/**
 * What the script prints. `busy`: an earlier run of this assignment, with other inputs or for an earlier operation, is
 * still at it; follow that one and start again afterwards.
 */
export const STARTED = ["started", "running", "ended", "busy"] as const;

/** Its last word where it could write nothing, and has left nothing behind. */
export const UNTOUCHED = "untouched";

/** A run that never reaches its end is started this often. */
const MAX_STARTS = 5;

/** For `sh -s`, as root. Everything that varies is in its text, nothing in arguments. */
export function startScript(plan: Plan, token: number): string {
  return `start_setup() {
set -u
umask 077
run=${quote(plan.run)}
token=${token}
${enter(plan)}
${plan.keysOnly ? "" : refuseTaken(quote(plan.assignment), "return")}
[ -d "$dir" ] || mkdir -p "$dir" || return ${EXIT.cannotWrite}
exec 8>>"$state/lock" || return ${EXIT.cannotWrite}
flock -w 20 8 || { echo "another script holds the machine's lock" >&2; return ${EXIT.locked}; }
for file in "$state/fence" "$volatile/fence"; do
  read_line "$file"
  if [ "\${line:-0}" -gt "$token" ]; then return ${EXIT.fenced}; fi
done
keep_fence "$state" || keep_fence "$volatile" || return ${EXIT.cannotWrite}

same=no
read_line "$dir/run"
if [ "$line" = "$run" ]; then same=yes; fi
if [ -f "$dir/alive" ] && ! flock -s -n 7 7<"$dir/alive"; then
  if [ $same = yes ]; then echo running; else echo busy; fi
  return 0
fi
if [ $same = yes ] && [ -f "$dir/exit" ]; then echo ended; return 0; fi

read_line "$dir/starts"
starts=\${line:-0}
[ $same = yes ] || starts=0
if [ "$starts" -ge ${MAX_STARTS} ]; then
  echo "the set-up was started $starts times on this machine and never finished" >&2
  return ${EXIT.wornOut}
fi
for name in exit began steps secrets; do
  [ ! -e "$dir/$name" ] || rm -rf "$dir/$name" || return ${EXIT.cannotWrite}
done
${writes(plan)}
echo $((starts + 1)) >"$dir/starts" || return ${EXIT.cannotWrite}
echo "$run" >"$dir/run.new" && mv -f "$dir/run.new" "$dir/run" || return ${EXIT.cannotWrite}
start_runner
tries=0
until [ -f "$dir/began" ]; do
  tries=$((tries + 1))
  if [ $tries -gt 800 ]; then cat "$dir/runner.out" >&2; return ${EXIT.notStarted}; fi
  sleep 0.05
done
echo started
}

# Sets line to the first line of a file, or to nothing, and starts no program for it.
read_line() { line=; { IFS= read -r line <"$1"; } 2>/dev/null || true; }

keep_fence() {
  { { [ -d "$1" ] || mkdir -p "$1"; } && echo "$token" >"$1/fence.new" && mv -f "$1/fence.new" "$1/fence"; } 2>/dev/null
}

# Where it cannot be started, what it would have started with is wiped; still under the machine's lock. If no run was
# ever begun here, nothing at all is left.
main() {
  start_setup
  code=$?
  case $code in ${EXIT.wornOut} | ${EXIT.cannotWrite} | ${EXIT.notStarted}) rm -rf "$dir/secrets" ;; esac
  if [ $code = ${EXIT.cannotWrite} ] && [ ! -e "$dir/run" ]; then
    rm -rf "$dir"
    [ -e "$dir" ] || echo ${UNTOUCHED}
  fi
  return $code
}

# Away from this session: its end, and the connection's, mean nothing to the runner. Under systemd it is root's unit of its
# own, which neither sshd's end nor the session's touches; what a step leaves running stays when the unit is over.
start_runner() {
  if [ -d /run/systemd/system ] && [ "$(id -u)" = 0 ]; then
    systemd-run --quiet --collect --unit="warmpool-setup-$(cat "$dir/starts")-$run" --service-type=exec \\
      --property=KillMode=process --property="StandardOutput=append:$dir/runner.out" --property=StandardError=inherit \\
      --setenv=HOME="$HOME" --setenv=PATH="$PATH" --setenv=USER="\${USER:-root}" --setenv=LOGNAME="\${LOGNAME:-root}" \\
      --setenv=SHELL="\${SHELL:-/bin/sh}" --setenv=LANG="\${LANG:-C.UTF-8}" /bin/sh "$dir/runner" "$dir" "$run" </dev/null 8>&-
  else
    setsid /bin/sh "$dir/runner" "$dir" "$run" </dev/null >"$dir/runner.out" 2>&1 8>&- &
  fi
}
main
`;
}

/**
 * Sets `state` and `dir` to where a machine keeps its set-ups and this one. A change of keys keeps its files in memory,
 * `volatile`: a tester who has filled the disk must not be able to prevent it by that.
 */
export function enter({ assignment, keysOnly }: Pick<Plan, "assignment" | "keysOnly">): string {
  const dir = keysOnly ? `$volatile/keys/${quote(assignment)}` : `$state/setup/${quote(assignment)}`;
  return `state=\${WARMPOOL_STATE:-/var/lib/warmpool}; volatile=\${WARMPOOL_STATE:-/run/warmpool}; dir=${dir}`;
}

function writes(plan: Plan): string {
  const folders = plan.steps.map((_, index) => folderOf(index));
  const steps = plan.steps.map((step, index) =>
    [
      writeFile(`${folderOf(index)}/script`, step.script),
      // Of these the shell needs no help: a program for each would cost more than the step that it belongs to.
      `echo ${index + 1} >${folderOf(index)}/number || return ${EXIT.cannotWrite}\n`,
      `echo ${step.timeoutSeconds} >${folderOf(index)}/timeout || return ${EXIT.cannotWrite}\n`,
      `echo ${quote(step.hash)} >${folderOf(index)}/hash || return ${EXIT.cannotWrite}\n`,
    ].join(""),
  );
  const secrets = Object.entries(plan.secrets).map(([name, value]) =>
    writeFile(`"$dir/secrets/"${quote(name)}`, value),
  );
  return [
    `mkdir -p "$dir/secrets" ${folders.join(" ")} || return ${EXIT.cannotWrite}\n`,
    writeFile(`"$dir/runner"`, RUNNER),
    writeFile(`"$dir/step"`, STEP),
    writeFile(`"$dir/env"`, plan.env),
    ...steps,
    ...secrets,
  ].join("");
}

function folderOf(index: number): string {
  return `"$dir/steps/${String(index + 1).padStart(3, "0")}"`;
}
