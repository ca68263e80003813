import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { findProcesses } from "../relay/drivers/local/processes.ts";
import type { Emptied } from "./empty.ts";
import type { StackFolder } from "./folder.ts";

/** What of a state folder lives when its stack has ended, and what a person reads of it. */
export type Living = { machine: string; pids: number[] };

const ownerSchema = z.object({ installation: z.string(), node: z.string() });

/** The local machines of that folder that run: found by the processes that carry their mark, whoever started them. */
export function livingMachines({ machines }: Pick<StackFolder, "machines">): Living[] {
  const owners = new Map(ownersIn(machines).map((owner) => [`${owner.installation}\0${owner.node}`, owner]));
  const pids = new Map<string, number[]>();
  for (const owner of owners.values()) {
    for (const { pid, mark } of findProcesses(owner))
      pids.set(mark.machine, [...(pids.get(mark.machine) ?? []), pid]);
  }
  return [...pids].map(([machine, of]) => ({ machine, pids: of }));
}

function ownersIn(machines: string): z.infer<typeof ownerSchema>[] {
  return entries(machines).flatMap((entry) => {
    // What is half-made or half-gone lies one level deeper.
    const folders = entry.startsWith(".limbo-")
      ? entries(join(machines, entry)).map((each) => join(machines, entry, each))
      : [join(machines, entry)];
    return folders.flatMap((folder) => {
      try {
        return [ownerSchema.parse(JSON.parse(readFileSync(join(folder, "machine.json"), "utf8")))];
      } catch {
        return [];
      }
    });
  });
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

export type Ended = {
  /** What taking the machines down came to; null where they could not be asked for. */
  emptied: Emptied | null;
  /** Why they could not, where that was tried. */
  problem: string | null;
  living: Living[];
  /** The Incus project with machines that cannot be seen from here; null with the local driver. */
  project: string | null;
  /** Whether the stack has ever had a relay, and so may have machines. */
  hasJoined: boolean;
  /** What follows `npm start --` for the same stack, such as ` --state-dir DIR`. */
  sameStack: string;
};

/** What is said at the end, and the exit code: `Stopped.` only where nothing of the state folder lives. Pure. */
export function farewell(ended: Ended): { said: string[]; complaint: string | null; code: 0 | 1 } {
  const { emptied, living, problem, sameStack } = ended;
  const kept = emptied?.kept ?? [];
  const said = kept.map(
    ({ name, assignment }) => `Kept: ${name}, which ${assignment?.username ?? "somebody"} holds`,
  );
  const again = `npm start --${sameStack} --destroy-now`;
  const unproven = emptied?.left ?? [];
  const running = living.filter(({ machine }) => !kept.some(({ name }) => name === machine));
  const unseen = emptied === null && ended.project !== null && ended.hasJoined;
  const wrongs = [
    ...(problem === null ? [] : [problem]),
    ...(unproven.length === 0
      ? []
      : [`Not proven gone in time: ${unproven.map(({ name, node }) => `${name} on ${node}`).join(", ")}.`]),
    ...(running.length === 0 ? [] : [stillRunning(running)]),
    ...(unseen
      ? [`Its machines in Incus were not deleted; incus list --project ${ended.project} shows them.`]
      : []),
  ];
  if (wrongs.length > 0)
    return { said, complaint: `${wrongs.join(" ")} To delete them, run ${again}.`, code: 1 };
  if (kept.length === 0) return { said: [...said, "Stopped."], complaint: null, code: 0 };
  return {
    said: [...said, `Stopped everything except the kept machines. To delete those too, run ${again}`],
    complaint: null,
    code: 0,
  };
}

function stillRunning(running: Living[]): string {
  const names = running.map(({ machine, pids }) => `${machine} (pid ${pids.join(" ")})`);
  return `Still running: ${names.join(", ")}.`;
}
