import { POOL } from "../harness/part.ts";
import { listMachines } from "../harness/pools.ts";
import type { Journal } from "./journal.ts";
import type { System } from "./system.ts";

/** A container's / may be busy, or a mount that it may not change: then the folders that a set-up writes to. */
export const READ_ONLY = `mount -o remount,ro / 2>/dev/null || for folder in /etc /var /home /root; do
  mount --bind $folder $folder && mount -o remount,bind,ro $folder || exit 1
done`;
/** Where set-ups write; the disk itself may be the host's. */
export const FULL = `mkdir -p /var/lib/warmpool && mount -t tmpfs -o size=64k none /var/lib/warmpool &&
  head -c 60000 /dev/zero >/var/lib/warmpool/x`;

/** Brings machines to harm. Whatever it harms cannot be relied on from then on, and the journal knows it before. */
export class MachineHarm {
  readonly #system: System;
  readonly #journal: Journal;

  constructor(system: System, journal: Journal) {
    this.#system = system;
    this.#journal = journal;
  }

  /** One that nobody has yet, so that somebody may be given it. */
  async harmReady(pick: number, script: string): Promise<string> {
    const listed = await listMachines(this.#system.stack().admin, POOL, "ready");
    const ready = listed.map(({ name }) => name).filter((name) => !this.#journal.isSpoilt(name));
    // In a pool that is empty for the moment, whoever is there.
    const name = ready.length === 0 ? await this.#victim(pick) : picked(ready.toSorted(), pick);
    this.#journal.spoil(name);
    await this.#system.ground.inside(name, script);
    return name;
  }

  async copy(pick: number): Promise<string> {
    const name = await this.#victim(pick);
    return `${name}, as ${await this.#system.kept.put("copy", name)}`;
  }

  /** What happens to a machine that stands now. @returns its name */
  async harm(pick: number, how: (name: string) => Promise<void>): Promise<string> {
    const name = await this.#victim(pick);
    this.#journal.spoil(name);
    await how(name);
    return name;
  }

  async #victim(pick: number): Promise<string> {
    const standing = await this.#system.kept.standing();
    return picked(standing.filter((name) => !this.#journal.isSpoilt(name)).toSorted(), pick);
  }
}

function picked(names: readonly string[], pick: number): string {
  const name = names[Math.floor(pick * names.length)];
  if (name === undefined) throw new Error("no machine is there");
  return name;
}
