import type { Case } from "./case.ts";
import { absent, capacity, evidence, shown, version } from "./cases/asking.ts";
import { deletedAtOnce, foreign, stopAndStart } from "./cases/ending.ts";
import { createInterrupted, deleteInterrupted, othersInterrupted } from "./cases/interrupted.ts";
import { copied, marked } from "./cases/marks.ts";
import { created, createTwice, noCapacity, twoAtOnce } from "./cases/making.ts";

/** The conformance suite, in the order it runs. Where the first case fails nothing else can be learned. */
export const CASES: Case[] = [
  version,
  absent,
  capacity,
  created,
  shown,
  createTwice,
  twoAtOnce,
  stopAndStart,
  deletedAtOnce,
  foreign,
  marked,
  copied,
  noCapacity,
  evidence,
  createInterrupted,
  deleteInterrupted,
  othersInterrupted,
];
