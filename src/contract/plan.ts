import * as z from "zod";
import { binding } from "./capacity.ts";

/** What a spec would do to a pool, told before it does. Names are of machines that stand now. */
export const poolChangePlan = z
  .strictObject({
    pool: z.string(),
    isNew: z.boolean(),
    /** Members of the spec that differ. */
    changed: z.array(z.string()),
    /** Machines made because there are too few. */
    create: z.int(),
    /** Unassigned machines of another image, shape or set of admin keys: replaced one at a time. */
    replace: z.array(z.string()),
    /** Ready machines beyond the target: taken down one a sweep. */
    remove: z.array(z.string()),
    /** So many stay ready the whole time that it takes, unless testers take them or machines fail. */
    readyAtLeast: z.int(),
    /** Assigned machines that are not what the spec says: they stay until their testers release them. */
    stay: z.array(z.string()),
    /** Of those to make and to replace, how many find no room anywhere, and what keeps them out. */
    unplaced: z.strictObject({ count: z.int(), binding }).nullable(),
    /** What keeps the pool from making what it lacks. */
    blocked: z.enum(["paused", "max_size"]).nullable(),
    /** What else whoever puts it should know: a sentence each. */
    warnings: z.array(z.string()),
    /** The plan in sentences, its warnings last. */
    text: z.string(),
  })
  .meta({ id: "PoolChangePlan" });
export type PoolChangePlan = z.infer<typeof poolChangePlan>;
