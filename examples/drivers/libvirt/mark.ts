import { z } from "zod";
import { endpoint } from "../../../src/contract/machine.ts";

/**
 * Whose machine it is. A domain carries that in its metadata, from the call on that defines it; a volume, which can
 * carry nothing, in its name.
 */
export type Owner = { installation: string; node: string };

const mark = z.object({
  installation: z.string(),
  node: z.string(),
  name: z.string(),
  port: z.coerce.number().pipe(endpoint.shape.port),
  httpPort: z.coerce.number().pipe(endpoint.shape.port),
  /** What libvirt knows the domain by: a clone has another. Not in domains from before it was noted. */
  uuid: z.uuid().optional(),
});
export type Mark = z.infer<typeof mark>;

const NAMESPACE = "urn:warmpool:machine:1";

/** The mark as an element of a domain's metadata. */
export function markXml(marked: Mark): string {
  const attributes = Object.entries(marked).map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`);
  return `<warmpool:machine xmlns:warmpool="${NAMESPACE}"${attributes.join("")}/>`;
}

/** The mark in a domain's XML, as libvirt prints it; null where there is none. */
export function readMark(domainXml: string): Mark | null {
  const element = /<warmpool:machine\s[^>]*>/.exec(domainXml)?.[0];
  if (element === undefined || !element.includes(`"${NAMESPACE}"`)) return null;
  const pairs = [...element.matchAll(/\s(\w+)="([^"]*)"/g)].map(([, name, value]) => [
    name,
    plain(value ?? ""),
  ]);
  return mark.safeParse(Object.fromEntries(pairs)).data ?? null;
}

/** What libvirt itself knows a domain by, from its XML as libvirt prints it. */
export function readUuid(domainXml: string): string | null {
  return /^ {2}<uuid>([0-9a-f-]{36})<\/uuid>$/m.exec(domainXml)?.[1] ?? null;
}

export function isOwn(owner: Owner, marked: Owner): boolean {
  return marked.installation === owner.installation && marked.node === owner.node;
}

/** `disk` and `seed` make a machine; `console` is what it has said on its serial port. */
export type Part = "disk" | "seed" | "console";

/** `warmpool.INSTALLATION.NODE.MACHINE.PART` */
export function volumeName({ installation, node }: Owner, machine: string, part: Part): string {
  return ["warmpool", installation, node, machine].map(dotless).concat(part).join(".");
}

/** The machine of that owner that the volume belongs to; null where it is not that owner's. */
export function machineOf({ installation, node }: Owner, volume: string): string | null {
  const [program, ofInstallation, ofNode, machine] = volume.split(".");
  const isOurs =
    program === "warmpool" && ofInstallation === dotless(installation) && ofNode === dotless(node);
  return isOurs && machine !== undefined ? decodeURIComponent(machine) : null;
}

/** A dot parts the fields, so that none may hold one. */
function dotless(field: string): string {
  return encodeURIComponent(field).replaceAll(".", "%2E");
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

export function escapeXml(value: string): string {
  return value.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}

function plain(escaped: string): string {
  return Object.entries(ENTITIES)
    .toReversed()
    .reduce((value, [character, entity]) => value.replaceAll(entity, character), escaped);
}
