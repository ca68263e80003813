import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Act } from "../far/mood.ts";
import { deadline } from "../../../test/helpers/patience.ts";

/**
 * A driver program that does what the run tells it to: it passes calls on to a real one, late, or half, or not at all.
 * The real one sends the relay to the same port of 127.0.0.2, where the run has a link to the machine.
 */
const REAL = fileURLToPath(new URL("../../../test/relay/helpers/detourProgram.ts", import.meta.url));
const EMPTY = JSON.stringify({ complete: true, machines: [], storageProof: "volumes" });
const TOLD_WITHIN_SECONDS = 5;
const NOT_NOW = 75;

type Listing = { complete: boolean; machines: unknown[] };

async function main(command: string): Promise<number> {
  const input = await text(process.stdin);
  const act = await told(command, input);
  await delay(act.delaySeconds * 1000);
  const real = act.run === null ? null : await carryOut(act.run, input);
  const answer = printed(act.tell, real?.stdout ?? "");
  process.stdout.write(command === "capacity" ? moved(answer) : answer);
  return act.exit ?? real?.code ?? NOT_NOW;
}

async function told(command: string, input: string): Promise<Act> {
  const { port = null } = (input.trim() === "" ? {} : JSON.parse(input)) as { port?: number };
  const answer = await fetch(process.env["WARMPOOL_CHAOS_MOOD"] ?? "", {
    method: "POST",
    body: JSON.stringify({ command, port }),
    signal: deadline(TOLD_WITHIN_SECONDS),
  });
  return (await answer.json()) as Act;
}

/** In this process's group: whoever cuts the call off ends both. */
async function carryOut(command: string, input: string): Promise<{ code: number; stdout: string }> {
  const child = spawn(process.execPath, [REAL, command], { stdio: ["pipe", "pipe", "inherit"] });
  // It ends what it has begun; this process has to be there until it has.
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const exited = once(child, "exit") as Promise<[number | null]>;
  const stdout = await text(child.stdout);
  const [code] = await exited;
  return { code: code ?? NOT_NOW, stdout };
}

function printed(tell: Act["tell"], stdout: string): string {
  switch (tell) {
    case "answer":
      return stdout;
    case "nothing":
      return "";
    case "empty":
      return EMPTY;
    case "cut": {
      if (stdout === "") return "";
      const { machines, ...rest } = JSON.parse(stdout) as Listing;
      const half = machines.slice(0, Math.floor(machines.length / 2));
      return JSON.stringify({ ...rest, complete: false, machines: half });
    }
  }
}

/**
 * The bound on machines is another one every minute, as on a host where others take room and give it back: a node that
 * was full is asked again only when what it has changes, and one without machines would be lost for the rest of the run.
 */
function moved(answer: string): string {
  if (answer === "") return "";
  const inventory = JSON.parse(answer) as { limits?: object };
  const minute = Math.floor(Date.now() / 60_000);
  return JSON.stringify({ ...inventory, limits: { ...inventory.limits, machines: 500 + (minute % 50) } });
}

process.exitCode = await main(process.argv[2] ?? "");
