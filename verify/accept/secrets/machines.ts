import { join } from "node:path";
import type { Machine } from "../../harness/interface.ts";
import { serversOf } from "../faults.ts";
import type { Driver } from "../../harness/options.ts";
import { runWith } from "../../harness/program.ts";
import { type Finding, type Look, lookThroughFiles } from "./finding.ts";
import type { Planted } from "./planted.ts";

/** Where a machine has file systems in memory, which no folder of the host shows. */
const IN_MEMORY = ["run", "tmp", "dev/shm"];
/** All of a machine but what the kernel shows there: for `sh`, with what is looked for on standard input. */
const GREP = `exec grep -rlaF -D skip -f - -- /dev/shm \\
  $(find / -mindepth 1 -maxdepth 1 ! -type l ! -name dev ! -name proc ! -name sys)`;

/** Every file that the machine has of its own. */
export async function lookThroughMachine(
  planted: Planted,
  driver: Driver,
  stateDir: string,
  machine: Pick<Machine, "name" | "port">,
): Promise<Look> {
  if (driver === "incus") return lookThroughIncus(planted, machine.name);
  const folder = join(stateDir, "machines", machine.name);
  const looks = [folder, ...memoryOf(machine)].map((path) => lookThroughFiles(planted, path));
  return {
    what: looks.map(({ what }) => what).join(" + "),
    findings: looks.flatMap((look) => look.findings),
  };
}

/** Without root a machine is a folder and shares the host's. */
function memoryOf(machine: Pick<Machine, "name" | "port">): string[] {
  if (process.getuid?.() !== 0) return [];
  const [pid] = serversOf(machine);
  return IN_MEMORY.map((name) => `/proc/${pid}/root/${name}`);
}

/** What is looked for comes by standard input: in an argument it would be found in the list of processes. */
async function lookThroughIncus(planted: Planted, name: string): Promise<Look> {
  const inside = (...command: string[]) =>
    runWith(planted.patterns(), "incus", ["--project", "warmpool", "exec", name, "--", ...command], 120);
  const grep = await inside("sh", "-c", GREP);
  const counted = await inside("find", "/", "-xdev", "-type", "f", "-printf", ".");
  const findings = grep.stdout
    .split("\n")
    .filter(Boolean)
    .map((place): Finding => ({ place: `${name}:${place}`, form: "in some form" }));
  // 1 is "found nothing"; 2 names files that went away or that the kernel gives to nobody.
  const unread = grep.stderr.split("\n").filter((line) => line !== "" && !isNoFile(line));
  if (grep.code > 2 || unread.length > 0)
    throw new Error(`grep on ${name} ended with ${grep.code}: ${unread.join("; ")}`);
  return { what: `${counted.stdout.length} files of ${name}`, findings };
}

function isNoFile(line: string): boolean {
  return /No such file or directory|Invalid argument|Operation not (?:permitted|supported)|No such device/.test(
    line,
  );
}
