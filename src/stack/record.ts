import * as z from "zod";
import { readJson, writePrivateJson } from "./files.ts";
import { bootId, endProcesses, hasEnvironment, isRunning, listProcesses, readProcess } from "./processes.ts";
import type { ProcessId, ProcessInfo } from "./processes.ts";

/**
 * Which process runs each part, on disk: written before the part may do anything, so that whoever starts after a
 * crash finds every one of them. A part is a session; its leader's number can be given to another process only once
 * the whole session is gone.
 */
export const PARTS = ["postgres", "edge", "relay"] as const;
export type PartName = (typeof PARTS)[number];

/** Set in every part's environment to the state folder: what is left of a session without its leader shows it. */
export const MARK = "WARMPOOL_STACK";

const processId = z.strictObject({ pid: z.int(), startTime: z.int(), bootId: z.string() });
const recordSchema = z.strictObject({
  postgres: processId.optional(),
  edge: processId.optional(),
  relay: processId.optional(),
});

export type PartRecord = {
  set(part: PartName, id: ProcessId): void;
  /**
   * Ends what is left of the part's session: asked first, killed after `graceSeconds`. What has lost its leader has
   * nobody to end it in good order and is killed.
   */
  end(part: PartName, how: { signal: NodeJS.Signals; graceSeconds: number }): Promise<void>;
  /** The processes of the part's session that still run. */
  left(part: PartName): ProcessInfo[];
};

/** @param mark what `MARK` is set to, see there */
export function partRecord(path: string, mark: string): PartRecord {
  const record = readJson(path, recordSchema) ?? {};
  const left = (part: PartName) => {
    const id = record[part];
    return id === undefined ? [] : session(id, mark);
  };
  return {
    left,
    set(part, id) {
      record[part] = id;
      writePrivateJson(path, record);
    },
    end(part, how) {
      const id = record[part];
      const isLed = id !== undefined && isRunning(id);
      return endProcesses(() => left(part), isLed ? how : { signal: "SIGKILL", graceSeconds: 5 });
    },
  };
}

function session(id: ProcessId, mark: string): ProcessInfo[] {
  if (id.bootId !== bootId()) return [];
  const leader = readProcess(id.pid);
  if (leader !== null && leader.startTime !== id.startTime) return [];
  return listProcesses().filter(
    ({ pid, session }) => session === id.pid && (leader !== null || hasEnvironment(pid, MARK, mark)),
  );
}
