import * as z from "zod";
import { nodeName } from "./names.ts";

/** The least and the most of what an operator sets of a node; docs/settings.md says why each has its default. */
export const NODE_SETTING_BOUNDS = {
  /** More would only wait for each other, whatever makes the machines. */
  concurrency: { min: 1, max: 100 },
  /** A relay speaks every 25 s at least: with less its node would fall silent while it works. */
  silenceSeconds: { min: 30, max: 86_400 },
} as const;

const { concurrency: atATime, silenceSeconds: unheard } = NODE_SETTING_BOUNDS;
/** How many creates and deletes at a time a node, or its driver, may ask for. */
export const nodeConcurrency = z.int().min(atATime.min).max(atATime.max);
const silenceSeconds = z.int().min(unheard.min).max(unheard.max);

/** What is named changes, the rest stays; null puts it back to its default. */
export const setNodeInput = z
  .strictObject({
    name: nodeName,
    /** How many creates and deletes the node works on at a time. */
    concurrency: nodeConcurrency.nullable().optional(),
    /** After how long without a word from its relay the node is silent, and its machines are not handed out. */
    silenceSeconds: silenceSeconds.nullable().optional(),
  })
  .refine(
    (given) => given.concurrency !== undefined || given.silenceSeconds !== undefined,
    "names nothing to set",
  );
export type SetNodeInput = z.infer<typeof setNodeInput>;
