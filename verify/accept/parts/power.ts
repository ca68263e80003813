import { setTimeout as delay } from "node:timers/promises";
import { seeded } from "../../../test/helpers/random.ts";
import { anything, type Assignment, assigned, assignment } from "../../harness/interface.ts";
import { type Context, type Part, POOL, started } from "../../harness/part.ts";
import { getPool, listMachines, putPoolLike, untilFull } from "../../harness/pools.ts";
import { RpcError } from "../../harness/rpc.ts";
import { becomesActive, readNotes, statusOf, useStepRecipe } from "../setups.ts";
import { type Key, makeKey } from "../../harness/sshClient.ts";
import { type Stack, startStack } from "../../harness/stack.ts";
import { noRowLies } from "../truth.ts";

/**
 * The power goes again and again, at moments by chance, while people do all kinds of things: every part is killed at
 * once, Postgres too. What somebody was told stands afterwards, and what was under way is finished.
 */
const ROUNDS = 4;
const ACTS_A_ROUND = 4;
const ROUND_SECONDS = 6;
const READY = 3;
/** Testers at a time: with them and one to spare the pool's machines are all that this host has to bear. */
const MOST_TESTERS = 3;
/** For a start that has to make the machines as well that it found missing. */
const START_SECONDS = 120;

export const power: Part = { name: "power", title: "The power goes, again and again", show };

async function show(context: Context): Promise<void> {
  const { report, folder, seed } = context;
  report.note(`the same acts at the same moments: --seed ${seed}`);
  const random = seeded(seed);
  let { stack, options } = await started(context, { targetSize: READY, sweepSeconds: 60 });
  const key = await makeKey(folder, "own");
  await report.check("the pool takes a recipe that keeps count", async () => {
    await useStepRecipe(stack.admin, folder, options.stateDir, { maxSize: 12 });
    await untilFull(stack.admin, POOL, READY, 60);
  });

  const people = new People(key);
  for (let round = 1; round <= ROUNDS; round += 1) {
    await report.check(`the power goes, ${round} of ${ROUNDS}`, async () => {
      const cut = new AbortController();
      const done = await liveUntilCut(stack, people, random, cut.signal);
      const { counts } = await getPool(stack.admin, POOL);
      cut.abort();
      await stack.crash();
      return `${done}; the machines then: ${JSON.stringify(counts)}`;
    });
    stack = await report.check(`npm start is ready again within ${START_SECONDS} s`, () =>
      startStack({ ...options, targetSize: null }, START_SECONDS),
    );
    await report.check("what people were told stands", () => people.stand(stack));
  }

  for (const username of people.holders()) {
    await report.check(`${username}'s assignment gets active, and each step has run once`, async () => {
      await becomesActive(stack.app, username);
      await readNotes(stack.app, username, key);
    });
  }
  await report.check("the pool is full, and nothing is under way", async () => {
    const { spec } = await getPool(stack.admin, POOL);
    await untilFull(stack.admin, POOL, spec.targetSize, 120);
  });
  await report.check("no row lies", () => noRowLies(stack.admin, POOL));
  await report.check("SIGTERM ends it and tears every machine down", () => stack.stop("sigterm"));
}

/** Acts at moments by chance, the last of which the power does not wait for: `cut` says when it goes. */
async function liveUntilCut(
  stack: Stack,
  people: People,
  random: () => number,
  cut: AbortSignal,
): Promise<string> {
  const moments = Array.from({ length: ACTS_A_ROUND }, () => random() * ROUND_SECONDS).toSorted(
    (a, b) => a - b,
  );
  const cutAt = random() * ROUND_SECONDS;
  const names: string[] = [];
  let now = 0;
  for (const at of moments.filter((moment) => moment <= cutAt)) {
    await delay((at - now) * 1000);
    now = at;
    const act = people.next(stack, random);
    names.push(act.name);
    act.done.catch((error: unknown) => {
      if (!cut.aborted || !isCutOff(error)) people.surprises.push(error);
    });
  }
  await delay((cutAt - now) * 1000);
  return `after ${cutAt.toFixed(1)} s of: ${names.join(", ") || "nothing"}`;
}

/** What the power cuts off has no answer, or that of an edge whose database died first; nobody was told anything. */
function isCutOff(error: unknown): boolean {
  return error instanceof RpcError && (error.status === 0 || error.code === "UNAVAILABLE");
}

type Act = { name: string; done: Promise<unknown> };

/** The testers and what they were told, and an admin who cannot leave things alone. */
class People {
  readonly surprises: unknown[] = [];
  readonly #key: Key;
  readonly #told = new Map<string, Assignment>();
  readonly #asked = new Set<string>();
  #number = 0;

  constructor(key: Key) {
    this.#key = key;
  }

  /** Who was told of an assignment, and has asked for no release. */
  holders(): string[] {
    return [...this.#told.keys()].filter((username) => !this.#asked.has(username));
  }

  next(stack: Stack, random: () => number): Act {
    const kinds = [
      () => this.#assign(stack),
      () => this.#assign(stack),
      () => this.#release(stack, random()),
      () => ({ name: "recreate", done: recreateOne(stack) }),
      () => {
        const targetSize = READY - 1 + Math.floor(random() * 3);
        return { name: `target ${targetSize}`, done: putPoolLike(stack.admin, POOL, { targetSize }) };
      },
      () => ({ name: "sweep", done: stack.admin.mutate("sweep.run", undefined, anything) }),
    ];
    const kind = kinds[Math.floor(random() * kinds.length)];
    if (kind === undefined) throw new Error("chance is no number below 1");
    return kind();
  }

  #assign({ app }: Stack): Act {
    if (this.holders().length >= MOST_TESTERS) return { name: "nothing", done: Promise.resolve() };
    const username = `tester-${(this.#number += 1)}`;
    const input = { username, sshKeys: [this.#key.publicKey] };
    const told = app.mutate("tester.assign", input, assigned);
    return {
      name: `assign ${username}`,
      done: told.then((answer) => this.#told.set(username, answer.assignment)),
    };
  }

  #release({ app }: Stack, chance: number): Act {
    const holders = this.holders();
    const username = holders[Math.floor(chance * holders.length)];
    if (username === undefined) return { name: "nothing", done: Promise.resolve() };
    this.#asked.add(username);
    const told = app.mutate("tester.release", { username }, assignment);
    return { name: `release ${username}`, done: told.then((answer) => this.#told.set(username, answer)) };
  }

  /** @throws Error where somebody's assignment is another one than they were told, lost, or back from its release. */
  async stand({ app }: Stack): Promise<string> {
    if (this.surprises.length > 0) throw new Error(`an act failed: ${this.surprises.map(String).join("; ")}`);
    const wrong: string[] = [];
    for (const [username, told] of this.#told) {
      const now = await statusOf(app, username);
      if (now.id !== told.id) wrong.push(`${username} was told of another assignment`);
      if (told.state === "released" && now.state !== "released")
        wrong.push(`${username} is ${now.state} again`);
      const isOver = now.state === "released" || now.state === "failed";
      if (isOver && !this.#asked.has(username))
        wrong.push(`${username} is ${now.state}: ${now.error?.message}`);
      if (told.machine !== null && !isOver && now.machine?.id !== told.machine.id && now.swaps === 0)
        wrong.push(`${username} has lost ${told.machine.name}`);
    }
    if (wrong.length > 0) throw new Error(wrong.join("\n"));
    return `${this.#told.size} testers`;
  }
}

async function recreateOne({ admin }: Stack): Promise<void> {
  const [first] = await listMachines(admin, POOL, "ready");
  if (first === undefined) return;
  await admin.mutate("machine.recreate", { id: first.id }, anything).catch((error: unknown) => {
    // A tester was faster.
    if (!(error instanceof RpcError) || error.code !== "CONFLICT") throw error;
  });
}
