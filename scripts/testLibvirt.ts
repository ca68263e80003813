import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runsBootSector } from "../examples/drivers/libvirt/accelerator.ts";
import { holdLeash } from "./leash/leash.ts";
import { type LibvirtDaemon, startLibvirt } from "./libvirtDaemon.ts";

/**
 * `npm run test:libvirt`: the conformance suite against examples/drivers/libvirt, with virtual machines that really
 * boot; without KVM they are emulated, which takes about half an hour. As root on Debian 12 or 13: it installs what is
 * missing, builds the machines' image, and has a libvirt of its own in a folder that it removes.
 *
 *   npm run test:libvirt -- [--case ID]…    options of `warmpool driver check`
 */
const CHECKOUT = fileURLToPath(new URL("..", import.meta.url));
const DRIVER = join(CHECKOUT, "examples/drivers/libvirt/driver");
const IMAGE = "debian";
/** As small and as patient as emulated machines need it. */
const MACHINES = ["--image", IMAGE, "--memory", "512", "--disk", "3", "--boot", "20m"];
const TELL_MS = 60_000;

let running: ChildProcess | null = null;
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    stop.abort(signal);
    running?.kill(signal);
  });
}

const began = performance.now();
const counts = { passed: 0, failed: 0 };
// Installed before the run begins: daemons that the packages start do not belong to it.
const isInstalled = (await run(["sh", join(CHECKOUT, "scripts/install-libvirt.sh")])).code === 0;
const leash = await holdLeash("vm");
const { folder } = leash;
try {
  if (!isInstalled) throw new Error("scripts/install-libvirt.sh failed");
  const libvirt = await startLibvirt(folder);
  try {
    await must("sh", join(CHECKOUT, "scripts/build-vm-image.sh"), libvirt.pool, IMAGE);
    libvirt.virsh("pool-refresh", "warmpool");
    const [domain] = /(?<=<domain>)\w+/.exec(libvirt.virsh("domcapabilities")) ?? [];
    say(
      `machines are of type ${domain}: ${domain === "kvm" ? "the processor's own" : "emulated, which takes long"}`,
    );
    tally("the trial of KVM runs to its end by emulation", await trial(libvirt));
    await check(libvirt);
    tally("nothing is left in libvirt", leftIn(libvirt));
  } finally {
    await libvirt.stop();
  }
} catch (error) {
  tally("the run", [error instanceof Error ? error.message : String(error)]);
}
tally(
  "no process and no temporary file is left",
  await leash.release(false).then(
    () => [],
    (error: Error) => [error.message],
  ),
);
say(
  `All of it took ${minutes()} min${stop.signal.aborted ? `, then ${String(stop.signal.reason)} stopped it` : ""}.`,
);
process.exitCode = counts.failed > 0 || stop.signal.aborted ? 1 : 0;
console.log(`${counts.passed} passed, ${counts.failed} failed`);

/** Every case counts, as `driver check` prints it. */
async function check({ uri, virsh }: LibvirtDaemon): Promise<void> {
  const args = ["bin/warmpool.js", "driver", "check", DRIVER, "--pass", "WARMPOOL_LIBVIRT_URI", ...MACHINES];
  const telling = setInterval(() => {
    const names = virsh("list", "--all", "--name").trim().split("\n").join(", ");
    console.log(`      … ${minutes()} min; machines: ${names || "none"}`);
  }, TELL_MS);
  try {
    const env = { WARMPOOL_LIBVIRT_URI: uri };
    const { code, text } = await run([process.execPath, ...args, ...process.argv.slice(2)], env);
    const told = [...text.matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) untried)?/gm)].at(-1);
    const [passed, failed, untried] = [1, 2, 3].map((group) => Number(told?.[group] ?? 0)) as [
      number,
      number,
      number,
    ];
    counts.passed += passed;
    counts.failed += Math.max(failed + untried, code === 0 ? 0 : 1);
  } finally {
    clearInterval(telling);
  }
}

async function trial({ virsh }: LibvirtDaemon): Promise<string[]> {
  const [emulator = ""] = /(?<=<path>)[^<]*/.exec(virsh("domcapabilities")) ?? [];
  return (await runsBootSector(emulator, "tcg", stop.signal))
    ? []
    : [`${emulator} did not run the boot sector`];
}

function leftIn({ virsh }: LibvirtDaemon): string[] {
  const domains = virsh("list", "--all", "--name").split("\n");
  const volumes = virsh("vol-list", "warmpool")
    .split("\n")
    .map((line) => line.trim().split(/\s+/)[0] ?? "");
  return [...domains, ...volumes].filter((name) => name !== "" && !name.startsWith(`${IMAGE}.`));
}

function tally(what: string, wrong: string[]): void {
  if (wrong.length === 0) counts.passed++;
  else counts.failed++;
  console.log(`${wrong.length === 0 ? "ok   " : "FAIL "} ${[what, ...wrong].join("\n      ")}`);
}

async function must(...command: string[]): Promise<void> {
  const { code } = await run(command);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}`);
}

async function run(
  [program = "", ...args]: string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; text: string }> {
  if (stop.signal.aborted) throw new Error(`stopped by ${String(stop.signal.reason)}`);
  const options = { cwd: CHECKOUT, env: { ...process.env, ...env } };
  const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "inherit"] });
  running = child;
  let text = "";
  child.stdout.on("data", (part: Buffer) => {
    process.stdout.write(part);
    text = (text + part.toString()).slice(-4000);
  });
  await once(child, "close");
  running = null;
  return { code: child.exitCode, text };
}

function say(text: string): void {
  console.log(`=== ${text}`);
}

function minutes(): string {
  return ((performance.now() - began) / 60_000).toFixed(1);
}
