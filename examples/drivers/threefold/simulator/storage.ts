/** The SSDs of a node, in bytes. A disk is on one of them whole, and counts in full from its first moment. */
export type Device = { name: string; size: number };

export class Storage {
  readonly #devices: readonly Device[];
  readonly #disks = new Map<string, { device: string; size: number }>();

  constructor(devices: readonly Device[]) {
    this.#devices = devices;
  }

  /** Where most would be left, as zos does. @throws Error in the words of zos if it fits nowhere */
  add(disk: string, size: number): void {
    const [best] = this.pools().toSorted((one, other) => other.size - other.used - (one.size - one.used));
    if (best === undefined || best.size - best.used < size)
      throw new Error("not enough space left in pools of this type ssd");
    this.#disks.set(disk, { device: best.name, size });
  }

  remove(disk: string): void {
    this.#disks.delete(disk);
  }

  pools(): { name: string; type: "ssd"; size: number; used: number }[] {
    return this.#devices.map(({ name, size }) => ({ name, type: "ssd", size, used: this.#usedOf(name) }));
  }

  #usedOf(name: string): number {
    return [...this.#disks.values()]
      .filter(({ device }) => device === name)
      .reduce((sum, { size }) => sum + size, 0);
  }
}
