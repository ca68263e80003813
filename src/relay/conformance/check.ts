import { randomUUID } from "node:crypto";
import { type ExecOptions, execDriver } from "../drivers/exec/driver.ts";
import { type Driver, DriverError } from "../driver.ts";
import type { Timeouts } from "../drivers/exec/timeouts.ts";
import type { Case } from "./case.ts";
import { CASES } from "./cases.ts";
import { type Settings, type Subject, subjectOf } from "./subject.ts";
import { Violation } from "./violation.ts";

/** Runs the conformance suite against a driver program, each case for an installation that nobody else has. */
export type CheckOptions = Pick<ExecOptions, "program" | "env"> & {
  timeouts: Timeouts;
  settings: Omit<Settings, "callSeconds">;
  cases?: Case[];
  /** Leave what failed cases made, to be looked at. */
  keep?: boolean;
  onResult?: (result: CaseResult) => void;
  /** Ends the check early; what it made is deleted all the same. */
  signal: AbortSignal;
};

/** `did`, `must` and `where` are sentences for the program's author. `where` names a document and its section. */
export type CaseResult = {
  id: string;
  title: string;
  proves: string;
  outcome: "passed" | "failed" | "untried";
  seconds: number;
  note: string | null;
  /** `said` is the part of `did` that the program printed itself, null if it is not about that. */
  failure: { did: string; must: string; where: string; said: string | null } | null;
};

/**
 * Machines that the check could not delete, or was told to keep, and whose they are. Of the `unproven` ones among them
 * the driver says neither that they are there nor that they are gone.
 */
export type Left = { installation: string; node: string; machines: string[]; unproven: string[] };

export type CheckReport = {
  program: string;
  passed: number;
  failed: number;
  untried: number;
  cases: CaseResult[];
  left: Left[];
};

const NODE = "check";
const BEHIND_SECONDS = 30;
/** For deleting what a case made, and again for all that is left in the end; a driver that hangs gets no more. */
const CLEANUP_SECONDS = 300;

/** @returns what came of each case; throws only for mistakes of its own */
export async function checkProgram(options: CheckOptions): Promise<CheckReport> {
  const cases: CaseResult[] = [];
  const holders: Holder[] = [];
  const tell = (result: CaseResult): void => {
    cases.push(result);
    options.onResult?.(result);
  };
  let isOver = false;
  for (const one of options.cases ?? CASES) {
    if (isOver || options.signal.aborted) {
      tell({ ...described(one), outcome: "untried", seconds: 0, note: null, failure: null });
      continue;
    }
    const result = await runCase(one, options, holders);
    tell(result);
    isOver = result.outcome === "failed" && one === CASES[0];
  }
  const count = (outcome: CaseResult["outcome"]) =>
    cases.filter((result) => result.outcome === outcome).length;
  return {
    program: options.program,
    passed: count("passed"),
    failed: count("failed"),
    untried: count("untried"),
    cases,
    left: await leftAtLast(holders),
  };
}

async function runCase(one: Case, options: CheckOptions, holders: Holder[]): Promise<CaseResult> {
  const [ours, theirs] = [randomUUID(), randomUUID()];
  const { program, env = {}, timeouts, signal } = options;
  const driverOf = (installation: string, graceSeconds?: number): Driver =>
    execDriver({
      ...{ program, env, timeouts, installation, node: NODE },
      ...(graceSeconds === undefined ? {} : { graceSeconds }),
    });
  const driver = driverOf(ours);
  let owners = [ours];
  const drivers = {
    driver,
    owner: { installation: ours, node: NODE },
    again: async () => driverOf(ours),
    foreign: async () => {
      owners = [ours, theirs];
      return driverOf(theirs);
    },
    abrupt: driverOf(ours, 0),
  };
  // Behind the driver's own deadlines, which know how to say what did not end.
  const callSeconds = Math.max(...Object.values(timeouts)) + BEHIND_SECONDS;
  const subject = subjectOf(drivers, { ...options.settings, callSeconds }, signal);
  const start = performance.now();
  let isKept = false;
  try {
    const outcome = await outcomeOf(one, subject);
    isKept = options.keep === true && outcome.outcome === "failed";
    const seconds = Math.round((performance.now() - start) / 100) / 10;
    return { ...described(one), seconds, ...outcome };
  } finally {
    for (const installation of owners) {
      const driver = driverOf(installation);
      const { names } = subject;
      const left = await remaining(driver, names, !isKept, AbortSignal.timeout(CLEANUP_SECONDS * 1000));
      if (left.length > 0) holders.push({ installation, driver, left, isKept });
    }
  }
}

/** What is left of a case, and the driver that may still delete it. */
type Holder = { installation: string; driver: Driver; left: Remaining[]; isKept: boolean };
type Remaining = { name: string; isProven: boolean };

/** Tried once more in the end: a daemon that was down at that moment is mostly back by then. */
async function leftAtLast(holders: Holder[]): Promise<Left[]> {
  const signal = AbortSignal.timeout(CLEANUP_SECONDS * 1000);
  const report: Left[] = [];
  for (const { installation, driver, left: before, isKept } of holders) {
    const names = before.map(({ name }) => name);
    const left = isKept ? before : await remaining(driver, names, true, signal);
    const unproven = left.filter(({ isProven }) => !isProven).map(({ name }) => name);
    const machines = left.map(({ name }) => name);
    if (machines.length > 0) report.push({ installation, node: NODE, machines, unproven });
  }
  return report;
}

async function outcomeOf(
  one: Case,
  subject: Subject,
): Promise<Pick<CaseResult, "outcome" | "note" | "failure">> {
  try {
    return { outcome: "passed", note: (await one.run(subject)) ?? null, failure: null };
  } catch (error) {
    if (subject.signal.aborted) return { outcome: "untried", note: null, failure: null };
    if (!(error instanceof Violation)) throw error;
    const { did, rule, cause } = error;
    const where = `docs/drivers.md, "${rule.section}"`;
    const said = cause instanceof DriverError ? cause.said : null;
    return { outcome: "failed", note: null, failure: { did, must: rule.must, where, said } };
  }
}

/**
 * Which of these machines are still there, or may be, after a try to delete them where that `isWanted`. Nothing else is
 * touched, whatever the driver shows: one that does not keep installations apart shows machines that people use.
 */
async function remaining(
  driver: Driver,
  names: string[],
  isWanted: boolean,
  signal: AbortSignal,
): Promise<Remaining[]> {
  // What goes wrong here is in no sentence of its own: the machine is then said to be left behind.
  const failed = () => "failed" as const;
  if (isWanted) for (const name of names) await driver.delete(name, signal).catch(failed);
  const listing = await driver.list(signal).catch(failed);
  const shown = listing === "failed" ? [] : listing.machines.map(({ name }) => name);
  const isComplete = listing !== "failed" && listing.complete;
  const left: Remaining[] = [];
  for (const name of names) {
    const found = await driver.get(name, signal).catch(failed);
    const isThere = shown.includes(name) || (found !== "failed" && found !== null);
    // No answer is no proof that it is gone: a daemon that was killed keeps its machines running.
    const isGone = found === null || isComplete;
    if (isThere || !isGone) left.push({ name, isProven: isThere });
  }
  return left;
}

function described({ id, title, proves }: Case): Pick<CaseResult, "id" | "title" | "proves"> {
  return { id, title, proves };
}
