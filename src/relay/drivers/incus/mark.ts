import type { Instance, Volume } from "./answers.ts";

/**
 * The ownership mark: keys of the configuration that Incus keeps and never reads. A machine has it from the moment it
 * exists, its root volume as well, so that a disk without a machine is known for what it is. Nothing that lacks the
 * owner's whole mark is ever touched.
 */

/** Whose machines these are: two nodes of one installation may share an Incus. */
export type Owner = { installation: string; node: string };

const INSTALLATION = "user.warmpool.installation";
const NODE = "user.warmpool.node";
const PORT = "user.warmpool.port";
const HTTP_PORT = "user.warmpool.http-port";

export type Marked = Pick<Instance, "config"> | Pick<Volume, "config">;

export function ownerMark({ installation, node }: Owner): Record<string, string> {
  return { [INSTALLATION]: installation, [NODE]: node };
}

export function isMarked({ config }: Marked, owner: Owner): boolean {
  return config[INSTALLATION] === owner.installation && config[NODE] === owner.node;
}

/** The loopback ports allotted to a machine. */
export function portMark({ port, httpPort }: { port: number; httpPort: number }): Record<string, string> {
  return { [PORT]: String(port), [HTTP_PORT]: String(httpPort) };
}

/** The loopback ports that the mark has: SSH first. */
export function markedPorts({ config }: Marked): number[] {
  return [config[PORT], config[HTTP_PORT]].map(Number).filter((port) => Number.isInteger(port) && port > 0);
}
