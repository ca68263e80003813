import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";

/**
 * What the far node's driver program does with a call. The program asks the run each time, and is told; a real driver
 * stands behind it. One lie at a time: of one that lies in everything nothing could ever be proven.
 */
export const MOODS = [
  "slow",
  "hanging",
  "failing",
  "full",
  "untrue_deletes",
  "half_deletes",
  "empty_listings",
  "cut_listings",
  "lost_answers",
] as const;
export type Mood = (typeof MOODS)[number];

export type Act = {
  delaySeconds: number;
  /** The command that is really carried out; null for none. */
  run: string | null;
  /** What of the answer is told. */
  tell: "answer" | "empty" | "cut" | "nothing";
  /** Instead of the real exit code; null keeps that. */
  exit: number | null;
};

const SLOW_SECONDS = 4;
/** Longer than any call is waited for. */
const HANGING_SECONDS = 3600;
const NO_CAPACITY = 32;
/** A create and a set-up take less. */
const HONEST_SECONDS = 15;

export function actOf(mood: Mood | null, command: string): Act {
  const honest = honestAct(command);
  const changes = ["create", "delete", "start", "stop"].includes(command);
  switch (mood) {
    case null:
      return honest;
    case "slow":
      return { ...honest, delaySeconds: SLOW_SECONDS };
    case "hanging":
      return { ...honest, delaySeconds: HANGING_SECONDS };
    case "failing":
      return { ...honest, run: null, tell: "nothing", exit: 1 };
    case "full":
      return command === "create" ? { ...honest, run: null, tell: "nothing", exit: NO_CAPACITY } : honest;
    case "untrue_deletes":
      return command === "delete" ? { ...honest, run: null, tell: "nothing", exit: 0 } : honest;
    case "half_deletes":
      return command === "delete" ? { ...honest, run: "stop" } : honest;
    case "empty_listings":
      return command === "list" ? { ...honest, run: null, tell: "empty", exit: 0 } : honest;
    case "cut_listings":
      return command === "list" ? { ...honest, tell: "cut" } : honest;
    case "lost_answers":
      return changes ? { ...honest, tell: "nothing", exit: 1 } : honest;
  }
}

function honestAct(command: string): Act {
  return { delaySeconds: 0, run: command, tell: "answer", exit: null };
}

function isHonest(act: Act, command: string): boolean {
  return isDeepStrictEqual(act, honestAct(command));
}

const COMMANDS = ["create", "get", "list", "start", "stop", "delete", "capacity", "version"];

/** The commands that are not answered honestly in that mood. */
export function changedBy(mood: Mood): string[] {
  return COMMANDS.filter((command) => !isHonest(actOf(mood, command), command));
}

export type Call = { command: string; port: number | null };
const call = z.object({ command: z.string(), port: z.int().nullable() });

/** A mood that was asked for. */
export type Spell = {
  /** How many calls were not answered honestly so far. */
  hits(): number;
  /** It is over, whether it had begun or not. */
  end(): void;
};

/** `until` is when it is over, or was; before it has begun, never. */
type Asked = { mood: Mood; seconds: number; calls: number; until: number };

/**
 * Answers the driver program, by HTTP on loopback. A mood begins with the first call that it changes, so that a delete
 * that lies finds a delete; one at a time. Between two that change creates the driver is honest in that for a while: a node
 * that never makes a machine loses none.
 */
export class MoodServer {
  readonly #waiting = new Set<Asked>();
  /** The last that has begun, and the last of those that change creates. */
  #spell: Asked | null = null;
  #hindrance: Asked | null = null;
  readonly #honestMs: number;
  readonly #server: Server;

  private constructor(before: (call: Call) => Promise<void>, honestMs: number) {
    this.#honestMs = honestMs;
    const answer = async (body: unknown): Promise<Act> => {
      const asked = call.parse(body);
      await before(asked);
      return this.#answer(asked.command);
    };
    this.#server = createServer((request, response) => {
      json(request)
        .then(answer)
        .then(
          (act) => response.end(JSON.stringify(act)),
          () => response.writeHead(500).end(),
        );
    });
  }

  /**
   * @param before called with each call before it is answered
   * @param honestSeconds between two moods that change creates
   */
  static async open(
    before: (call: Call) => Promise<void>,
    honestSeconds: number = HONEST_SECONDS,
  ): Promise<MoodServer> {
    const opened = new MoodServer(before, honestSeconds * 1000);
    await new Promise<void>((resolve) => opened.#server.listen(0, "127.0.0.1", resolve));
    return opened;
  }

  /** @param seconds how long it lasts from its first call on */
  begin(mood: Mood, seconds: number): Spell {
    const asked = { mood, seconds, calls: 0, until: Infinity };
    this.#waiting.add(asked);
    return {
      hits: () => asked.calls,
      end: () => {
        this.#waiting.delete(asked);
        asked.until = Math.min(asked.until, performance.now());
      },
    };
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #answer(command: string): Act {
    const now = performance.now();
    const isOver = this.#spell === null || now >= this.#spell.until;
    const next = isOver ? this.#nextFor(command, now) : undefined;
    if (next !== undefined) {
      this.#waiting.delete(next);
      next.until = now + next.seconds * 1000;
      this.#spell = next;
      if (changedBy(next.mood).includes("create")) this.#hindrance = next;
    }
    const spell = next ?? (isOver ? null : this.#spell);
    const act = actOf(spell?.mood ?? null, command);
    if (spell !== null && !isHonest(act, command)) spell.calls += 1;
    return act;
  }

  /** The one that can begin with the fewest commands goes first: it has the fewest chances. */
  #nextFor(command: string, now: number): Asked | undefined {
    const mayHinder = this.#hindrance === null || now >= this.#hindrance.until + this.#honestMs;
    const [next] = [...this.#waiting]
      .filter(({ mood }) => changedBy(mood).includes(command))
      .filter(({ mood }) => mayHinder || !changedBy(mood).includes("create"))
      .toSorted((one, other) => changedBy(one.mood).length - changedBy(other.mood).length);
    return next;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}
