/** Something that happens at a moment, in seconds from now. */
export type Due = { at: number; what: "create" | "delete" | "release"; isOurs: boolean };

/** What is due of one kind, in order; what is before `head` was taken. */
type Lane = { what: Due["what"]; at: number[]; turn: number[]; isOurs: boolean[]; head: number };

/**
 * What is due, the soonest first, and of those due at the same moment the one that was added first. Only what is known at
 * the beginning is sorted. What is added later takes the same time as all of its kind, so within a kind it comes in
 * order, and the soonest of all is one of six.
 */
export class Agenda {
  readonly #known: Record<Due["what"], Lane>;
  readonly #added: Record<Due["what"], Lane>;
  readonly #lanes: readonly Lane[];
  #turn: number;
  /** Entries looked at to find the soonest, and what sorting takes: the work of a forecast is counted by these. */
  steps: number;

  constructor(known: readonly Due[]) {
    this.#known = { create: laneOf("create"), delete: laneOf("delete"), release: laneOf("release") };
    this.#added = { create: laneOf("create"), delete: laneOf("delete"), release: laneOf("release") };
    this.#lanes = [...Object.values(this.#known), ...Object.values(this.#added)];
    const entries = known.flatMap((due, turn) => (Number.isFinite(due.at) ? [{ ...due, turn }] : []));
    entries.sort((one, other) => one.at - other.at);
    for (const { turn, ...due } of entries) append(this.#known[due.what], due, turn);
    this.#turn = known.length;
    this.steps = Math.ceil(known.length * Math.log2(known.length + 1));
  }

  /** Adds what is due no sooner than anything of its kind that was added before; what is never due is left out. */
  add(due: Due): void {
    if (!Number.isFinite(due.at)) return;
    append(this.#added[due.what], due, this.#turn);
    this.#turn += 1;
  }

  /** Takes the soonest. */
  take(): Due | undefined {
    let soonest: Lane | null = null;
    let first = Number.POSITIVE_INFINITY;
    let turn = 0;
    for (const lane of this.#lanes) {
      this.steps += 1;
      const at = lane.at[lane.head];
      if (at === undefined || at > first) continue;
      const its = lane.turn[lane.head] ?? 0;
      if (at === first && its > turn) continue;
      soonest = lane;
      first = at;
      turn = its;
    }
    if (soonest === null) return undefined;
    const { what, isOurs, head } = soonest;
    soonest.head += 1;
    return { at: first, what, isOurs: isOurs[head] === true };
  }
}

function laneOf(what: Due["what"]): Lane {
  return { what, at: [], turn: [], isOurs: [], head: 0 };
}

function append(lane: Lane, { at, isOurs }: Due, turn: number): void {
  lane.at.push(at);
  lane.turn.push(turn);
  lane.isOurs.push(isOurs);
}
