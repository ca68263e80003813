import type { PoolSpecInput } from "../../contract/pool.ts";

/** A pool's spec as a person edits it. Whether it is right the server says, when it plans the change. Pure. */
export type SpecDraft = PoolSpecInput;

/** The order of the members in JSON and in the form; others follow. */
const ORDER = [
  "name",
  "targetSize",
  "maxSize",
  "shape",
  "image",
  "instanceType",
  "recipe",
  "adminSshKeys",
] as const satisfies readonly (keyof SpecDraft)[];

export function specText(spec: SpecDraft): string {
  const first = Object.fromEntries(ORDER.map((name) => [name, spec[name]]));
  return JSON.stringify({ ...first, ...spec }, null, 2);
}

/** The spec of a text; or why it is none, as far as the form has to know. */
export function readSpec(text: string): { spec: SpecDraft } | { problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `This is not JSON: ${error instanceof Error ? error.message : "it does not parse"}.` };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { problem: "A spec is a JSON object." };
  const spec = value as Partial<SpecDraft>;
  if (typeof spec.shape !== "object" || spec.shape === null)
    return { problem: "The spec has no shape: { vcpus, memoryMib, diskGib }." };
  if (!Array.isArray(spec.adminSshKeys))
    return { problem: "The spec has no adminSshKeys; a list may be empty." };
  return { spec: spec as SpecDraft };
}

/** What the form for a new pool begins with. */
export function startingSpec(recipe: string | undefined): SpecDraft {
  return {
    name: "",
    targetSize: 3,
    maxSize: 6,
    shape: { vcpus: 2, memoryMib: 4096, diskGib: 20 },
    image: "",
    instanceType: "virtual-machine",
    recipe: recipe ?? "",
    adminSshKeys: [],
  };
}

/** The spec with a member set, or left out where it is undefined. */
export function withMember<Name extends keyof SpecDraft>(
  spec: SpecDraft,
  name: Name,
  value: SpecDraft[Name] | undefined,
): SpecDraft {
  const { [name]: _, ...others } = spec;
  return (value === undefined ? others : { ...spec, [name]: value }) as SpecDraft;
}
