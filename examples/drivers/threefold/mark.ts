import { z } from "zod";
import { DriverError } from "../../../src/relay/driver.ts";

/**
 * Whose machine it is: written on the chain with the contract, which exists before anything of the machine does, and
 * repeated in the deployment on the node, which may outlive the contract.
 */
export type Owner = { installation: string; node: string };

const mark = z.object({
  installation: z.string(),
  node: z.string(),
  machine: z.string(),
  /** Of SSH inside of the machine. */
  port: z.int().min(1).max(65_535),
});
const metadata = z.object({ name: z.string().min(1).max(100), warmpool: mark });
/** `name` is what Warmpool calls it, `machine` the one that its mark names: they differ in a copy. */
export type Marked = z.infer<typeof mark> & { name: string };

/** The chain takes no more of it. */
const MOST_BYTES = 512;

/** The first four fields are what the grid's own dashboard shows. */
export function markText({ name, installation, node, machine, port }: Marked): string {
  const text = JSON.stringify({
    ...{ version: 3, type: "vm", name, projectName: "warmpool" },
    warmpool: { installation, node, machine, port },
  });
  if (Buffer.byteLength(text) <= MOST_BYTES) return text;
  throw new DriverError(
    "failed",
    `The mark of ${name} has more than the ${MOST_BYTES} bytes that the chain takes: give the node a shorter name`,
  );
}

/** Null for what was not created by Warmpool. */
export function readMark(text: string): Marked | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const { data } = metadata.safeParse(json);
  return data === undefined ? null : { ...data.warmpool, name: data.name };
}

export function isOwn(owner: Owner, marked: Owner): boolean {
  return marked.installation === owner.installation && marked.node === owner.node;
}
