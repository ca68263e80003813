import * as z from "zod";

/**
 * What a driver's listing showed. `complete`: everything of this node that carries our mark. `names` are machines that
 * their marks name; of those in `unmarked` the mark names none, so nothing says that they are no copies. `copies` carry the
 * mark of another machine: they are nobody's here.
 */
export const listing = z.strictObject({
  complete: z.boolean(),
  startedAt: z.iso.datetime(),
  names: z.array(z.string().max(100)).max(100_000),
  unmarked: z.array(z.string().max(100)).max(100_000).optional(),
  copies: z
    .array(z.strictObject({ name: z.string().max(100), of: z.string().max(100) }))
    .max(100_000)
    .optional(),
});
export type Listing = z.infer<typeof listing>;

/** Why a machine counts as dead that such a listing does not show. */
export const NOT_LISTED = "not in the node's listing";

/**
 * Whether absence from the listing says something about a machine that should be there. An empty one says nothing: what
 * looked into the wrong place, or too early, comes back empty as well, and would call every machine gone at once.
 */
export function provesAbsence(seen: Listing | null | undefined): seen is Listing {
  return seen?.complete === true && seen.names.length > 0;
}
