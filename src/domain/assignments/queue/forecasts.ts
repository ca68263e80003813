import type { Connection } from "../../../db/client.ts";
import { type Line, play } from "./forecast.ts";

/** A forecast is as good as new for so long: an estimate is in whole seconds. */
const FRESH_MS = 1000;

/** A pool's near future, played at most once for each quantile, whoever of those who wait asks. */
export class Forecast {
  readonly #line: Line;
  readonly #play: typeof play;
  readonly #played = new Map<number, number[]>();

  constructor(line: Line, playLine: typeof play = play) {
    this.#line = line;
    this.#play = playLine;
  }

  /** How many creates an estimate goes by. */
  get observedCreates(): number {
    return this.#line.observed.creates.length;
  }

  /** How many waited when it was made. */
  get waiting(): number {
    return this.#line.waiting;
  }

  /** Seconds until the turn of the one at that position (from 1); undefined if that is not known or never comes. */
  at(position: number, quantile: number): number | undefined {
    let played = this.#played.get(quantile);
    if (played === undefined) {
      played = this.#play(this.#line, this.#line.waiting, quantile).arrived;
      this.#played.set(quantile, played);
    }
    return played[position - 1];
  }
}

/** What a forecast must have been made with to be of use still; changes with what an operator does to the pool. */
export type Stance = { halted: boolean; targetSize: number; maxSize: number };

/**
 * The forecasts of a moment, by pool: for all rows of a page, and if they are kept for whoever asks within a second, as
 * many watchers do. Not for a transaction, which sees what others do not.
 */
export class Forecasts {
  readonly #kept = new Map<string, { until: number; forecast: Forecast; stance: string }>();
  readonly #now: () => number;
  readonly #play: typeof play;

  constructor(now: () => number = () => performance.now(), playLine: typeof play = play) {
    this.#now = now;
    this.#play = playLine;
  }

  /** Pools whose line need not be read again. */
  fresh(): string[] {
    const now = this.#now();
    for (const [pool, { until }] of this.#kept) if (until <= now) this.#kept.delete(pool);
    return [...this.#kept.keys()];
  }

  keep(pool: string, stance: Stance, line: Line): void {
    const forecast = new Forecast(line, this.#play);
    this.#kept.set(pool, { until: this.#now() + FRESH_MS, forecast, stance: textOf(stance) });
  }

  /** Null if none is kept, or if it knows nothing of this position or of what was done to the pool since. */
  find(pool: string, stance: Stance, position: number): Forecast | null {
    const kept = this.#kept.get(pool);
    if (kept === undefined || kept.stance !== textOf(stance)) return null;
    return position > kept.forecast.waiting ? null : kept.forecast;
  }
}

function textOf({ halted, targetSize, maxSize }: Stance): string {
  return JSON.stringify([halted, targetSize, maxSize]);
}

const SHARED = new WeakMap<Connection, Forecasts>();

/** The forecasts that everybody who asks over this connection shares. In a Worker a connection is one request's. */
export function sharedForecasts(connection: Connection): Forecasts {
  const known = SHARED.get(connection) ?? new Forecasts();
  SHARED.set(connection, known);
  return known;
}
