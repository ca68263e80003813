import type { InstallationCheck } from "../../contract/installation.ts";
import { duration } from "./time.ts";
import { count, list } from "./words.ts";

/** What the server can see of itself, judged. Pure. */
export type Check = { tone: "good" | "warn" | "bad"; text: string };

/** Clocks that differ by less change nothing. */
const CLOCK_SECONDS = 5;

export function checksOf({ clocks, secrets, nodes }: InstallationCheck): Check[] {
  return [clockCheck(clocks), ...secretChecks(secrets), ...nodes.flatMap(nodeCheck)];
}

function clockCheck({ edge, database }: InstallationCheck["clocks"]): Check {
  const apart = Math.abs(Date.parse(edge) - Date.parse(database)) / 1000;
  return apart < CLOCK_SECONDS
    ? { tone: "good", text: "The clocks of the server and the database agree." }
    : { tone: "warn", text: `The clocks of the server and the database differ by ${duration(apart)}.` };
}

function secretChecks({
  keys,
  problem,
  pools,
  unreadable,
  older,
  unknowable,
}: InstallationCheck["secrets"]): Check[] {
  if (problem !== null) return [{ tone: "bad", text: `WARMPOOL_SECRET_KEY: ${problem}.` }];
  if (keys === 0)
    return pools.length === 0
      ? [{ tone: "good", text: "No secret key is set, and no pool needs one." }]
      : [
          {
            tone: "bad",
            text: `WARMPOOL_SECRET_KEY is not set, and the recipes of ${list(pools)} take secrets.`,
          },
        ];
  const found: Check[] = [];
  if (unreadable > 0)
    found.push({
      tone: "bad",
      text: `Secrets of ${count(unreadable, "assignment")} cannot be decrypted with these keys.`,
    });
  if (unknowable > 0)
    found.push({
      tone: "warn",
      text: `Secrets of ${count(unknowable, "assignment")} cannot be compared again: their key is missing.`,
    });
  if (older > 0)
    found.push({
      tone: "warn",
      text: `${count(older, "assignment")} still need an older key; keep it until they end.`,
    });
  return found.length > 0
    ? found
    : [{ tone: "good", text: `${count(keys, "secret key")}; all secrets can be decrypted.` }];
}

function nodeCheck({ name, clockAheadSeconds }: InstallationCheck["nodes"][number]): Check[] {
  if (clockAheadSeconds === null || clockAheadSeconds < CLOCK_SECONDS) return [];
  return [{ tone: "warn", text: `The clock of node ${name} is ahead by ${duration(clockAheadSeconds)}.` }];
}
