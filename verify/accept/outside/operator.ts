import { z } from "zod";
import { deadline } from "../../../test/helpers/patience.ts";
import { until } from "../../../test/helpers/until.ts";
import { anything, assignment } from "../../harness/interface.ts";
import { CHECKOUT, type Ran, run } from "../../harness/program.ts";
import type { Report } from "../../harness/report.ts";
import { type Key, ssh } from "../../harness/sshClient.ts";
import type { Stack } from "../../harness/stack.ts";

/** What each situation is given: where it happens, and the person at the node's terminal whom it happens to. */
export type Scene = { report: Report; stack: Stack; operator: Operator; folder: string };

const COMMAND_SECONDS = 180;
/** A sweep that came while a probe was under way is followed by no probe of its own, so it is asked for again. */
const SWEEP_AGAIN_MS = 5000;
const OFTEN_MS = 10_000;
const nodes = z.array(z.looseObject({ name: z.string(), lastProbeAt: z.iso.datetime().nullable() }));

/** Somebody who types `warmpool …` and `incus …`, and reads what they print. */
export class Operator {
  readonly #stack: Stack;
  readonly #stateDir: string;
  /** The Incus project that the machines are in. */
  readonly project: string;

  constructor(stack: Stack, stateDir: string, project: string) {
    this.#stack = stack;
    this.#stateDir = stateDir;
    this.project = project;
  }

  /**
   * Types a command of Warmpool, its words with spaces between them.
   * @returns all that it printed, on one line. @throws Error where it ends with another code than `code`
   */
  async warmpool(command: string, code = 0): Promise<string> {
    const ran = await this.#type("npx", ["warmpool", ...command.split(" "), "--state-dir", this.#stateDir]);
    if (ran.code === code) return onOneLine(ran.stdout + ran.stderr);
    throw new Error(`warmpool ${command} ended with ${ran.code}, not ${code}: ${ran.stdout}${ran.stderr}`);
  }

  /**
   * Types it again until it shows all of that: what is known within a sweep is known at once.
   * @returns what it showed of it. @throws Error with all that it printed at last
   */
  async reads(command: string, wanted: readonly RegExp[], { code = 0, seconds = 20 } = {}): Promise<string> {
    return until(
      `warmpool ${command} to show it`,
      async () => {
        const text = await this.warmpool(command, code);
        const found = wanted.map((one) => one.exec(text)?.[0]);
        const missing = wanted.filter((_, at) => found[at] === undefined);
        if (missing.length > 0) throw new Error(`${missing.join(", ")} is not in: ${text}`);
        return `${command.split(" ", 2).join(" ")}: ${found.join(" … ")}`;
      },
      { seconds, everyMs: 500 },
    );
  }

  /** Types it, and throws where it shows any of that still. */
  async readsNothingOf(command: string, unwanted: readonly RegExp[]): Promise<void> {
    const text = await this.warmpool(command);
    const found = unwanted.find((one) => one.test(text));
    if (found !== undefined) throw new Error(`warmpool ${command} still shows ${String(found)}: ${text}`);
  }

  /** Types a command of Incus, in the project. @throws Error where it fails */
  incus(verb: string, ...args: string[]): Promise<string> {
    return this.#incus(verb, "--project", this.project, ...args);
  }

  /** All that Incus says of an instance. */
  instance(name: string): Promise<string> {
    return this.#incus("query", `/1.0/instances/${name}?project=${this.project}`);
  }

  /** Sets or takes back what the project as a whole is bound to. */
  bound(verb: "set" | "unset", ...args: string[]): Promise<string> {
    return this.#incus("project", verb, this.project, ...args);
  }

  /** Runs a script on a machine past Warmpool, as root or as `user`. */
  inside(machine: string, script: string, user = "root"): Promise<string> {
    const as = user === "root" ? ["sh", "-c", script] : ["su", user, "-s", "/bin/sh", "-c", script];
    return this.incus("exec", machine, "--", ...as);
  }

  async #incus(...args: string[]): Promise<string> {
    const ran = await this.#type("incus", args);
    if (ran.code === 0) return ran.stdout.trim();
    throw new Error(`incus ${args.join(" ")} ended with ${ran.code}: ${ran.stderr.trim()}`);
  }

  /** Runs the sweep, and waits until these nodes have been probed since. */
  async sweep(...names: string[]): Promise<void> {
    const { admin } = this.#stack;
    const startedAt = Date.now();
    const wanted = names.length === 0 ? ["local"] : names;
    await this.warmpool("sweep");
    let askedAt = Date.now();
    await until(
      "the sweep's probe to be answered",
      async () => {
        if (Date.now() - askedAt > SWEEP_AGAIN_MS) {
          askedAt = Date.now();
          await admin.mutate("sweep.run", undefined, anything);
        }
        const found = await admin.query("node.list", undefined, nodes);
        const probed = found.filter(({ lastProbeAt }) => Date.parse(lastProbeAt ?? "") >= startedAt);
        return wanted.every((name) => probed.some((node) => node.name === name));
      },
      { seconds: 60, everyMs: 100 },
    );
  }

  /** Runs sweeps, sooner than an installation does by itself, until `look` gives something. */
  async sweepUntil(what: string, look: () => Promise<boolean>, seconds: number): Promise<void> {
    let sweptAt = 0;
    await until(
      what,
      async () => {
        if (Date.now() - sweptAt > OFTEN_MS) {
          sweptAt = Date.now();
          await this.#stack.admin.mutate("sweep.run", undefined, anything);
        }
        return look();
      },
      { seconds, everyMs: 250 },
    );
  }

  /** The value of a series of /metrics, such as `warmpool_node_driver_down{node="n1"}`. */
  async metric(series: string): Promise<string> {
    const { url, adminToken } = this.#stack.local();
    const headers = { authorization: `Bearer ${adminToken}` };
    const text = await (await fetch(`${url}/metrics`, { headers, signal: deadline(20) })).text();
    const line = text.split("\n").find((one) => one.startsWith(`${series} `));
    if (line === undefined) throw new Error(`/metrics has no ${series}`);
    return line;
  }

  /** The machine that the tester has now. */
  async machineOf(username: string, pool = "demo") {
    const { machine } = await this.#stack.app.query("tester.status", { username, pool }, assignment);
    if (machine === null) throw new Error(`${username} has no machine`);
    return machine;
  }

  /** Whether that key lets the tester in. */
  async opens(username: string, key: Key): Promise<boolean> {
    const ran = await ssh(await this.machineOf(username), username, key, "id -un");
    return ran.code === 0 && ran.stdout.trim() === username;
  }

  #type(command: string, args: string[]): Promise<Ran> {
    return run(command, args, COMMAND_SECONDS);
  }
}

function onOneLine(text: string): string {
  return text.replaceAll(CHECKOUT, "").replaceAll(/\s+/g, " ").trim();
}

/** @throws Error with `problem` where that is not so */
export function must(isSo: boolean, problem: string): void {
  if (!isSo) throw new Error(problem);
}
