import { until } from "../../test/helpers/until.ts";
import { type Assigned, assigned, assignment, assignments } from "../harness/interface.ts";
import { listMachines, putPoolLike, untilFull } from "../harness/pools.ts";
import { type Rpc, RpcError } from "../harness/rpc.ts";

/** Many testers at once at a pool that has machines for a quarter of them, each asking twice. */
export type Crowd = { testers: number; machines: number };

/** `held` has each machine's holder, `waiting` those without, the first in line first. */
export type Rush = { pool: string; held: Map<string, string>; waiting: string[] };

/** The share of connections that a server under such a rush may cut unanswered. */
const MOST_CUT = 0.02;

/**
 * Sends every tester's request twice, all at the same time, spread over the edges.
 * @param crowd how many they are, and how many machines the pool has ready
 * @param patient whether 503 with Retry-After may be answered, and is then obeyed
 * @returns who holds which machine, and who waits, the first in line first. @throws Error where a promise is broken.
 */
export async function rush(
  edges: Rpc[],
  pool: string,
  crowd: Crowd,
  key: string,
  patient: boolean,
): Promise<Rush & { refused: number; cut: number }> {
  const usernames = Array.from({ length: crowd.testers }, (_, index) => `${pool}-t${index + 1}`);
  let refused = 0;
  /** Those of whom one connection was cut before an answer came: as the typed client does, they ask again, once. */
  const cut = new Set<string>();
  const ask = async (username: string, edge: Rpc): Promise<Assigned> => {
    for (;;) {
      try {
        return await edge.mutate("tester.assign", { username, pool, sshKeys: [key] }, assigned);
      } catch (error) {
        if (patient && error instanceof RpcError && error.code === "UNREACHABLE" && !cut.has(username)) {
          cut.add(username);
          continue;
        }
        const seconds = error instanceof RpcError && error.status === 503 ? Number(error.retryAfter) : 0;
        if (!patient || !(seconds > 0)) throw error;
        refused += 1;
        await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      }
    }
  };
  const [first, second] = [edges[0], edges.at(-1)];
  if (first === undefined || second === undefined) throw new Error("there is no edge to ask");
  const answers = await Promise.allSettled(
    usernames.flatMap((username) => [ask(username, first), ask(username, second)]),
  );
  const failed = answers.filter((answer) => answer.status === "rejected");
  if (failed.length > 0) {
    throw new Error(
      `${failed.length} of ${answers.length} requests failed, the first: ${String(failed[0]?.reason)}`,
    );
  }
  if (cut.size > MOST_CUT * answers.length)
    throw new Error(`${cut.size} of ${answers.length} connections were cut before an answer came`);
  const given = answers.filter((answer) => answer.status === "fulfilled").map((answer) => answer.value);
  checkPairs(given, cut);
  const line = await lineUp(first, pool, crowd);
  checkKept(given, line);
  return { ...line, refused, cut: cut.size };
}

/** Of the two answers to a tester one made the assignment, and both name the same. */
function checkPairs(answers: Assigned[], cut: ReadonlySet<string>): void {
  for (let n = 0; n < answers.length; n += 2) {
    const [a, b] = [answers[n], answers[n + 1]];
    if (a === undefined || b === undefined) throw new Error("an answer is missing");
    const { username } = a.assignment;
    if (a.assignment.id !== b.assignment.id) throw new Error(`${username} was given two assignments`);
    // The answer that was lost may have been the one that said so.
    if (!a.created && !b.created && cut.has(username)) continue;
    if (a.created === b.created) throw new Error(`both answers to ${username} say created: ${a.created}`);
  }
}

/** Who was told of a machine holds that one. */
function checkKept(answers: Assigned[], { held }: Rush): void {
  for (const { assignment: told } of answers) {
    if (told.machine !== null && held.get(told.machine.id) !== told.username)
      throw new Error(`${told.username} was told of ${told.machine.name} and does not hold it`);
  }
}

/** Who holds and who waits, as it is at one moment. @throws Error where it is not one a machine, and the rest in order. */
async function lineUp(app: Rpc, pool: string, { testers, machines }: Crowd): Promise<Rush> {
  const { items: all } = await app.query("tester.list", { pool, limit: 500 }, assignments);
  const held = new Map(
    all.flatMap(({ machine, username }) => (machine === null ? [] : [[machine.id, username]])),
  );
  const holders = all.filter(({ machine }) => machine !== null).length;
  if (holders !== machines || held.size !== machines)
    throw new Error(`${holders} testers hold ${held.size} distinct machines, not ${machines}`);
  const waiting = all
    .filter(({ state }) => state === "waiting")
    .toSorted((a, b) => (a.queue?.position ?? 0) - (b.queue?.position ?? 0));
  const positions = waiting.map(({ queue }) => queue?.position ?? 0);
  const wrong = positions.findIndex((position, index) => position !== index + 1);
  if (waiting.length !== testers - machines || wrong >= 0)
    throw new Error(`${waiting.length} wait, at the positions ${positions.slice(0, 20).join(" ")} …`);
  return { pool, held, waiting: waiting.map(({ username }) => username) };
}

/**
 * One tester gives a machine back: what is made in its place goes to the first in line, and everybody else moves up
 * by one.
 */
export async function moveUp(app: Rpc, { pool, held, waiting }: Rush): Promise<void> {
  const [holder] = held.values();
  const [next, second] = waiting;
  const last = waiting.at(-1);
  if (holder === undefined || next === undefined || second === undefined || last === undefined)
    throw new Error("nobody holds a machine, or nobody waits");
  await app.mutate("tester.release", { username: holder, pool }, assignment);
  const status = (username: string) => app.query("tester.status", { username, pool }, assignment);
  await until("the first in line to get a machine", async () => (await status(next)).machine !== null, {
    seconds: 30,
  });
  const [now, end] = [await status(second), await status(last)];
  if (now.queue?.position !== 1 || end.queue?.position !== waiting.length - 1)
    throw new Error(`the second is now at ${now.queue?.position}, the last at ${end.queue?.position}`);
}

/** Ends a rush: the pool may have no machines any more, and those who hold one give it back. */
export async function clearOut(admin: Rpc, { pool }: Rush): Promise<void> {
  await putPoolLike(admin, pool, { targetSize: 0, maxSize: 0 });
  const rows = await listMachines(admin, pool);
  const holders = rows.map((row) => row.assignment?.username).filter((username) => username !== undefined);
  await Promise.all(
    holders.map((username) => admin.mutate("tester.release", { username, pool }, assignment)),
  );
  const isEmpty = async () => (await listMachines(admin, pool)).length === 0;
  await until(`pool ${pool} to be empty`, isEmpty, { seconds: 60, everyMs: 100 });
}

/** A pool like the other one, of its own machines on one node, full. */
export async function fillPool(
  admin: Rpc,
  like: string,
  name: string,
  node: string,
  machines: number,
): Promise<void> {
  await putPoolLike(admin, like, { name, nodes: [node], targetSize: machines, maxSize: machines });
  await untilFull(admin, name, machines, 60);
}
