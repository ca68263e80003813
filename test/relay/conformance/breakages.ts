import type { RULES } from "../../../src/relay/conformance/rules.ts";

/**
 * Ways to break the contract: shell in front of a program that keeps it (program.ts). `did` is what the check must say
 * that the program did, `rule` what it must say that it has to do.
 */
export type Breakage = { what: string; case: string; body: string; did: RegExp; rule: keyof typeof RULES };

const PRINT = `printf '{"name":"%s","state":"running","ssh":{"host":"127.0.0.1","port":1}}'`;
/** A shell function that runs a line of JavaScript on stdin's `json`. */
const EDIT = `edit() { node -e 'const json = JSON.parse(require("fs").readFileSync(0, "utf8")); '"$1"; }`;

export const BREAKAGES: Breakage[] = [
  {
    what: "does not start",
    case: "version",
    body: "exit 7",
    did: /^version failed: version by .* exited with 7: nothing on stderr\.$/,
    rule: "version",
  },
  {
    what: "prints a log on stdout",
    case: "shown",
    body: `[ "$1" = create ] && echo cloning`,
    did: /^create of \S+ failed: .* printed something that is not JSON: cloning/,
    rule: "created",
  },
  {
    what: "finds what is not there",
    case: "absent",
    body: `[ "$1" = get ] && { ${PRINT} nobody; exit 0; }`,
    did: /^get of \S+ failed: .* returned nobody, which is another machine/,
    rule: "absent",
  },
  {
    what: "fails to delete what is not there",
    case: "absent",
    body: `[ "$1" = delete ] && exit 2`,
    did: /^delete of \S+, which never existed, failed: .*exited with 2/,
    rule: "deleteAgain",
  },
  {
    what: "starts what is not there",
    case: "absent",
    body: `[ "$1" = start ] && exit 0`,
    did: /^start of \S+, which never existed, succeeded\.$/,
    rule: "startAbsent",
  },
  {
    what: "never says that its listing is complete",
    case: "shown",
    body: `[ "$1" = list ] && { real list | sed 's/"complete":true,//'; exit; }`,
    did: /^list did not print complete: true\.$/,
    rule: "complete",
  },
  {
    what: "lists nothing",
    case: "shown",
    body: `[ "$1" = list ] && { echo '{"complete":true,"machines":[]}'; exit; }`,
    did: /succeeded, but list does not show it\.$/,
    rule: "complete",
  },
  {
    what: "takes what its machines use off the node's total",
    case: "capacity",
    body: `${EDIT}
      [ "$1" = create ] && touch "$folder/made"
      [ "$1" = capacity ] && [ -e "$folder/made" ] && {
        real capacity | edit 'json.cpus -= 1; console.log(JSON.stringify(json))'; exit
      }`,
    did: /^capacity had \d+ CPUs, .* but with one more machine it has \d+ CPUs/,
    rule: "capacity",
  },
  {
    what: "takes a second create for a first",
    case: "create-twice",
    body: `${EDIT}
      [ "$1" = create ] && {
        input=$(mktemp "$folder/XXXXXX"); cat >"$input"
        real create <"$input"; code=$?; [ $code = 31 ] || exit $code
        ${PRINT} "$(edit 'console.log(json.name)' <"$input")"; exit 0
      }`,
    did: /^A second create of \S+ succeeded\.$/,
    rule: "exists",
  },
  {
    what: "has a code of its own for what exists",
    case: "create-twice",
    body: `[ "$1" = create ] && { real create; code=$?; [ $code = 31 ] && exit 3; exit $code; }`,
    did: /^A second create of \S+ was refused with the wrong error: .*exited with 3: A machine \S+ already exists/,
    rule: "exists",
  },
  {
    what: "lets its machines make host keys of their own",
    case: "create",
    body: `${EDIT}
      [ "$1" = create ] && {
        ssh-keygen -q -t ed25519 -N '' -f "$folder/key"
        edit 'json.hostKey.privateKey = require("fs").readFileSync(process.env.folder + "/key", "utf8");
          console.log(JSON.stringify(json))' | real create; exit
      }`,
    did: /^(\S+) presents a host key other than the one it was given: host key changed: the machine at 127/,
    rule: "hostKey",
  },
  {
    what: "does not stop",
    case: "stop-start",
    body: `[ "$1" = stop ] && exit 0`,
    did: /^stop of \S+ succeeded, but get reports running\.$/,
    rule: "stopped",
  },
  {
    what: "says that it deletes",
    case: "delete-at-once",
    body: `[ "$1" = delete ] && exit 0`,
    did: /^Two concurrent deletes of (\S+) succeeded, but get still shows \1 \(running\)\.$/,
    rule: "deleted",
  },
  {
    what: "hides what it does not delete",
    case: "delete-at-once",
    body: `
      [ "$1" = delete ] && { touch "$folder/hidden"; exit 0; }
      [ -e "$folder/hidden" ] && case $1 in
        get) exit 30 ;;
        list) echo '{"complete":true,"machines":[]}'; exit ;;
      esac`,
    did: /succeeded, but (\S+) still responds over SSH with its host key\.$/,
    rule: "deleted",
  },
  {
    what: "deletes more than it should",
    case: "two-at-once",
    body: `
      [ "$1" = delete ] && {
        real list | grep -o '"name":"[^"]*"' | while read -r one; do echo "{$one}" | real delete; done; exit 0
      }`,
    did: /^delete of \S+ also deleted \S+\.$/,
    rule: "deleted",
  },
  {
    what: "does not know installations",
    case: "foreign",
    body: `export WARMPOOL_INSTALLATION=everybody`,
    did: /^get shows \S+ to another installation\.$/,
    rule: "foreign",
  },
  {
    what: "deletes for whoever asks",
    case: "foreign",
    body: `case $1 in
      create) echo "$WARMPOOL_INSTALLATION" >"$folder/first" ;;
      delete) [ -e "$folder/first" ] && WARMPOOL_INSTALLATION=$(cat "$folder/first") ;;
      esac`,
    did: /^\S+ is gone after a delete for another installation\.$/,
    rule: "foreign",
  },
  {
    what: "shows no marks",
    case: "mark",
    body: `case $1 in get | list) real "$1" | sed 's/"mark":{[^}]*},\\{0,1\\}//g'; exit ;; esac`,
    did: /^get shows \S+ without its mark\.$/,
    rule: "marked",
  },
  {
    what: "makes marks up from the names",
    case: "copy",
    body: `case $1 in get | list) real "$1" | sed 's/"machine":"\\([^"]*\\)-original"/"machine":"\\1"/g'; exit ;; esac`,
    did: /^get shows (\S+) with the mark of \1 on check; create was given that of \1-original on check\.$/,
    rule: "marked",
  },
  {
    what: "just fails where there is no room",
    case: "no-capacity",
    body: `${EDIT}
      [ "$1" = create ] && { edit 'process.exit(json.shape.diskGib > 100 ? 5 : 0)' || exit 5; }`,
    did: /^A create with 16 times the node's memory and disk was refused with the wrong error: .* exited with 5/,
    rule: "noCapacity",
  },
  {
    what: "shows private keys",
    case: "evidence",
    body: `${EDIT}
      [ "$1" = create ] && { cat >"$folder/input"; real create <"$folder/input"; exit; }
      [ "$1" = get ] && {
        real get | edit 'const input = JSON.parse(require("fs").readFileSync(process.env.folder + "/input", "utf8"));
          json.evidence = { seed: input.hostKey.privateKey }; console.log(JSON.stringify(json))'; exit
      }`,
    did: /^The evidence seed of \S+ contains its private host key\.$/,
    rule: "evidence",
  },
];
