import { basename, resolve } from "node:path";
import type { z } from "zod";
import type { Endpoint, HostKey } from "../../../contract/machine.ts";
import type { Inventory } from "../../../contract/node.ts";
import { CLOUD_INIT_DONE } from "../../cloudInit.ts";
import { DriverError } from "../../driver.ts";
import type { CreateRequest, Driver, DriverListing, DriverMachine, MarkRequest } from "../../driver.ts";
import { redactor } from "../../setup/redact.ts";
import { capped } from "../../text.ts";
import { type About, failureOf, parseAnswer, unstartable } from "./failures.ts";
import { runProgram } from "./process.ts";
import {
  capacityAnswer,
  type Command,
  createAnswer,
  EXIT,
  getAnswer,
  listAnswer,
  type MachineAnswer,
  markAnswer,
  versionAnswer,
} from "./protocol.ts";
import { longer, TIMEOUTS, type Timeouts } from "./timeouts.ts";

/**
 * Machines made by any program that keeps the contract of docs/drivers.md. The driver believes what the program says
 * and nothing more: what it cannot read, or what did not end in time, is an error and never an answer.
 */
export type ExecOptions = {
  /** Path of the program. */
  program: string;
  installation: string;
  node: string;
  /** What the program sees beside PATH, HOME and its owner. Values are blacked out in errors. */
  env?: Record<string, string>;
  timeouts?: Timeouts;
  /** Seconds between SIGTERM and SIGKILL where a call is cut off; with 0 it is killed without a warning. */
  graceSeconds?: number;
};

const GRACE_SECONDS = 5;
const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Makes the driver without starting the program: whether it can be started shows at the first call. */
export function execDriver(options: ExecOptions): Driver {
  const program = resolve(options.program);
  const timeouts = options.timeouts ?? TIMEOUTS;
  const graceSeconds = options.graceSeconds ?? GRACE_SECONDS;
  const secrets = Object.values(options.env ?? {});

  /** Runs one command. @throws DriverError where it ends with another exit code than 0 and `fine` */
  async function run(
    command: Command,
    input: { name?: string; hostKey?: CreateRequest["hostKey"] | HostKey },
    signal: AbortSignal,
    fine?: number,
  ): Promise<Answer> {
    const of = input.name === undefined ? "" : ` of ${input.name}`;
    const about: About = {
      command,
      doing: `${command}${of} by ${program}`,
      timeoutSeconds: timeouts[command],
      hide: redactor([...secrets, privateKeyOf(input.hostKey)]),
    };
    const { PATH = SYSTEM_PATH, HOME = "/" } = process.env;
    const ran = await runProgram({
      program,
      args: [command],
      input: `${JSON.stringify(input)}\n`,
      env: {
        PATH,
        HOME,
        ...options.env,
        WARMPOOL_INSTALLATION: options.installation,
        WARMPOOL_NODE: options.node,
      },
      timeoutSeconds: timeouts[command],
      graceSeconds,
      signal,
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw unstartable(about, error);
    });
    const { code, stdout, cut } = ran;
    if (cut === null && code !== null && [EXIT.done, fine].includes(code)) return { code, stdout, about };
    throw failureOf(about, ran);
  }

  async function look(name: string, signal: AbortSignal): Promise<z.infer<typeof getAnswer> | null> {
    const { code, stdout, about } = await run("get", { name }, signal, EXIT.absent);
    return code === EXIT.absent ? null : assertNamed(parseAnswer(about, getAnswer, stdout), name, about);
  }

  const change = async (
    command: Command,
    name: string,
    signal: AbortSignal,
    fine?: number,
  ): Promise<void> => {
    await run(command, { name }, signal, fine);
  };

  return {
    name: "exec",
    // Behind the driver's own deadlines, which know how to say what did not end.
    callSeconds: longer(timeouts, graceSeconds + 5),
    bootedCommand: CLOUD_INIT_DONE,

    async version(): Promise<string> {
      const { stdout, about } = await run("version", {}, new AbortController().signal);
      return `${basename(program)}: ${parseAnswer(about, versionAnswer, stdout).version}`;
    },

    async create(request: CreateRequest, signal: AbortSignal): Promise<DriverMachine> {
      const { stdout, about } = await run("create", request, signal);
      return machineOf(assertNamed(parseAnswer(about, createAnswer, stdout), request.name, about));
    },

    async get(name: string, signal: AbortSignal): Promise<DriverMachine | null> {
      const answer = await look(name, signal);
      return answer === null ? null : machineOf(answer);
    },

    async list(signal: AbortSignal): Promise<DriverListing> {
      const { stdout, about } = await run("list", {}, signal);
      const { complete, machines, storageProof } = parseAnswer(about, listAnswer, stdout);
      return { complete, machines: machines.map(machineOf), storageProof };
    },

    start: (name, signal) => change("start", name, signal),
    stop: (name, signal) => change("stop", name, signal, EXIT.absent),
    delete: (name, signal) => change("delete", name, signal, EXIT.absent),

    async mark(request: MarkRequest, signal: AbortSignal): Promise<DriverMachine> {
      const { code, stdout, about } = await run("mark", request, signal, EXIT.absent);
      if (code === EXIT.absent) throw new DriverError("failed", `${about.doing}: there is no such machine`);
      return machineOf(assertNamed(parseAnswer(about, markAnswer, stdout), request.name, about));
    },
    unmark: (name, signal) => change("unmark", name, signal, EXIT.absent),

    async capacity(signal: AbortSignal): Promise<Inventory> {
      const { stdout, about } = await run("capacity", {}, signal);
      return parseAnswer(about, capacityAnswer, stdout);
    },

    async evidence(name: string, signal: AbortSignal): Promise<Record<string, string>> {
      const hide = redactor(secrets);
      const texts = Object.entries((await look(name, signal))?.evidence ?? {});
      return capped(Object.fromEntries(texts.map(([title, text]) => [title, hide(text)])));
    },
  };
}

function privateKeyOf(hostKey: CreateRequest["hostKey"] | HostKey | undefined): string {
  return hostKey !== undefined && "privateKey" in hostKey ? hostKey.privateKey : "";
}

type Answer = { code: number; stdout: string; about: About };

/** Where nothing can be dialled. */
const NOWHERE: Endpoint = { host: "127.0.0.1", port: 0 };

function machineOf(answer: MachineAnswer): DriverMachine {
  const { name, ref = name, state, mark, copied, ssh = NOWHERE, access = ssh } = answer;
  return {
    ...{ name, ref, state, ssh, access },
    ...(mark === undefined ? {} : { mark }),
    ...(copied === undefined ? {} : { copied }),
  };
}

/** What is said of another machine than the one that was asked for is no answer. */
function assertNamed<Named extends { name: string }>(answer: Named, name: string, { doing }: About): Named {
  if (answer.name === name) return answer;
  throw new DriverError("failed", `${doing} returned ${answer.name}, which is another machine`);
}
