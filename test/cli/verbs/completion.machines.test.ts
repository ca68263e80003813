import { execFile, execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { warmpool } from "../run.ts";
import { deadline } from "../../helpers/patience.ts";

/** The scripts, loaded by the real shells and asked as the shells ask them. */

const run = promisify(execFile);

type Asked = { line: string; here?: string };

/** What bash would offer for the last word of the line. */
async function bash({ line, here }: Asked): Promise<string[]> {
  const { stdout: script } = await warmpool(["completion", "bash"]);
  const words = line.split(" ");
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const asking = `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _warmpool; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run("bash", ["--norc", "-c", `${script}\n${asking}`], {
    cwd: here,
    signal: deadline(30),
  });
  return stdout.trim().split("\n");
}

test("bash: verbs, the verbs below them, options and their words", async () => {
  expect(await bash({ line: "warmpool " })).toEqual(
    expect.arrayContaining(["status", "machine", "completion"]),
  );
  expect(await bash({ line: "warmpool mach" })).toEqual(["machine"]);
  expect(await bash({ line: "warmpool machine l" })).toEqual(["list"]);
  expect(await bash({ line: "warmpool machine list --st" })).toEqual(["--state", "--state-dir"]);
  expect(await bash({ line: "warmpool machine list --state pro" })).toEqual(["provisioning"]);
  expect(await bash({ line: "warmpool completion " })).toEqual(["bash", "zsh", "fish"]);
});

test("bash: the value of an option is no verb, and after -- the line is somebody else's", async () => {
  expect(await bash({ line: "warmpool --url machine pool g" })).toEqual(["get"]);
  expect(await bash({ line: "warmpool --token " })).toEqual([""]);
  expect(await bash({ line: "warmpool ssh alice -- " })).toEqual([""]);
});

test("bash: paths where a file is asked for, also with a space", async () => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, "some pools"));
  await writeFile(join(folder.path, "some.json"), "{}");
  const here = folder.path;
  expect((await bash({ line: "warmpool pool put so", here })).toSorted()).toEqual([
    "some pools",
    "some.json",
  ]);
  expect(await bash({ line: "warmpool assign alice --key some.", here })).toEqual(["some.json"]);
});

test.runIf(has("zsh"))("zsh: verbs, options and words on a real command line", async () => {
  await using folder = await temporaryFolder();
  const { stdout: script } = await warmpool(["completion", "zsh"]);
  const file = join(folder.path, "warmpool.zsh");
  await writeFile(file, script);
  const completed = async (typed: string) => {
    const { stdout } = await run("zsh", ["-f", "-c", ZSH_TYPES, "zsh", file, folder.path, typed], {
      signal: deadline(30),
    });
    return stdout.trim();
  };
  expect(await completed("warmpool mach")).toBe("warmpool machine");
  expect(await completed("warmpool machine l")).toBe("warmpool machine list");
  expect(await completed("warmpool machine list --sta")).toBe("warmpool machine list --state");
  expect(await completed("warmpool machine list --state pro")).toBe(
    "warmpool machine list --state provisioning",
  );
});

/** Types into an interactive zsh on a terminal of its own, presses the key, and prints the line as it then stands. */
const ZSH_TYPES = `
zmodload zsh/zpty
zpty shell 'TERM=dumb PS1= zsh -f -i'
zpty -w shell "autoload -Uz compinit && compinit -u -d $2/dump && source $1"
zpty -w shell "shown() { print -r -- \\"\\$BUFFER\\" > $2/line; exit }; zle -N shown; bindkey '^X' shown; print rea''dy"
while zpty -r shell line; do [[ $line == *ready* ]] && break; done
zpty -w -n shell "$3"$'\\t\\x18'
while zpty -r shell line; do :; done
print -r -- "$(<$2/line)"
`;

test.runIf(has("fish"))("fish: verbs, options and words, with what they mean", async () => {
  await using folder = await temporaryFolder();
  const { stdout: script } = await warmpool(["completion", "fish"]);
  const offered = async (line: string) => {
    const { stdout } = await run(
      "fish",
      ["--no-config", "-c", `${script}\ncomplete -C ${JSON.stringify(line)}`],
      {
        signal: deadline(30),
        env: { PATH: process.env["PATH"], HOME: folder.path, TMPDIR: folder.path },
      },
    );
    return stdout.trim().split("\n");
  };
  expect(await offered("warmpool mach")).toEqual(["machine\tthe machines of the pools"]);
  expect(await offered("warmpool machine l")).toEqual([expect.stringMatching(/^list\tnewest first/)]);
  expect(await offered("warmpool machine list --state pro")).toEqual(["provisioning\tin this state only"]);
  expect(await offered("warmpool --url machine pool g")).toEqual([expect.stringMatching(/^get\t/)]);
});

function has(shell: string): boolean {
  try {
    execFileSync(shell, ["-c", "exit 0"]);
    return true;
  } catch {
    return false;
  }
}
