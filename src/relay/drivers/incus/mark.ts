import * as z from "zod";
import type { Endpoint } from "../../../contract/machine.ts";
import type { DriverMachine, Mark } from "../../driver.ts";
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
const MACHINE = "user.warmpool.machine";
/** Incus gives every copy another id of its own under `volatile.uuid`; a rename and an import keep it. */
const UUID = "user.warmpool.uuid";
const OWN_UUID = "volatile.uuid";
/** Only on what was made elsewhere and imported: where it answers, and by its being there that the mark can go again. */
const IMPORTED = "user.warmpool.imported";
const PORT = "user.warmpool.port";
const HTTP_PORT = "user.warmpool.http-port";

export type Marked = Pick<Instance, "config"> | Pick<Volume, "config">;

export function ownerMark({ installation, node, machine }: Mark): Record<string, string> {
  return { [INSTALLATION]: installation, [NODE]: node, [MACHINE]: machine };
}

/** What an instance carries besides: the id that Incus is to know it by, and the same where a copy inherits it. */
export function idMark(uuid: string): Record<string, string> {
  return { [UUID]: uuid, [OWN_UUID]: uuid };
}

/** The mark as it stands, and whether Incus itself says that this is a copy. One from before marks named machines has none. */
export function readMark({ config }: Marked): Pick<DriverMachine, "mark" | "copied"> {
  const { [INSTALLATION]: installation, [NODE]: node, [MACHINE]: machine, [UUID]: uuid = "" } = config;
  const copied = uuid !== "" && config[OWN_UUID] !== uuid;
  if (installation === undefined || node === undefined || machine === undefined) return {};
  return { mark: { installation, node, machine }, ...(copied ? { copied } : {}) };
}

/** Whether it carries the owner's mark for exactly this machine; of one whose mark names none only the owner is known. */
export function isOwn(marked: Marked & { name: string }, owner: Owner): boolean {
  const { mark, copied } = readMark(marked);
  return isMarked(marked, owner) && copied !== true && (mark === undefined || mark.machine === marked.name);
}

export function isMarked({ config }: Marked, owner: Owner): boolean {
  return config[INSTALLATION] === owner.installation && config[NODE] === owner.node;
}

/** The loopback ports allotted to a machine. */
export function portMark({ port, httpPort }: { port: number; httpPort: number }): Record<string, string> {
  return { [PORT]: String(port), [HTTP_PORT]: String(httpPort) };
}

/** Of a machine that was made elsewhere: whose it is now, by which id Incus knows it, and where it answers. */
export function importMark(
  { config }: Marked,
  mark: Mark,
  { ssh, access }: { ssh: Endpoint; access: Endpoint },
): Record<string, string> {
  const { [OWN_UUID]: uuid } = config;
  return {
    ...ownerMark(mark),
    ...(uuid === undefined ? {} : { [UUID]: uuid }),
    [IMPORTED]: JSON.stringify({ ssh, access }),
  };
}

/** What takes it off again: Incus drops a key that is set to nothing. */
export const NO_IMPORT_MARK: Record<string, string> = Object.fromEntries(
  [INSTALLATION, NODE, MACHINE, UUID, IMPORTED].map((key) => [key, ""]),
);

/** Whether it carries a mark of Warmpool, whoever's. */
export function carriesMark({ config }: Marked): boolean {
  return (config[INSTALLATION] ?? "") !== "";
}

/** Where a machine that was imported answers; null for all that were made here. */
export function importedPlace({ config }: Marked): { ssh: Endpoint; access: Endpoint } | null {
  const { [IMPORTED]: text = "" } = config;
  if (text === "") return null;
  const read = importedPlaceText.safeParse(text);
  return read.success ? read.data : null;
}

const place = z.object({ host: z.string(), port: z.number() });
const importedPlaceText = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: "custom", message: "is no JSON" });
      return z.NEVER;
    }
  })
  .pipe(z.object({ ssh: place, access: place }));

/** The loopback ports that the mark has: SSH first. */
export function markedPorts({ config }: Marked): number[] {
  return [config[PORT], config[HTTP_PORT]].map(Number).filter((port) => Number.isInteger(port) && port > 0);
}
