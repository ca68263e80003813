import type { Ground } from "./ground.ts";

/**
 * What people have put aside on the host: copies of machines under names of their own. Warmpool may never touch them, so
 * they stand where its machines do and are none of those.
 */
export class Kept {
  readonly #ground: Ground;
  /** Those that are being put aside too. */
  readonly #names = new Set<string>();
  readonly #whole = new Set<string>();

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /** @throws Error if the machine is not there to be copied or renamed. */
  async put(how: "copy" | "rename", name: string): Promise<string> {
    const as = `${name}-kept${this.#names.size}`;
    this.#names.add(as);
    await this.#ground[how](name, as);
    this.#whole.add(as);
    return as;
  }

  /** Of all that is put aside by now. */
  get names(): readonly string[] {
    return [...this.#whole];
  }

  /** Of the machines that stand, those that are not put aside. */
  async standing(): Promise<string[]> {
    return (await this.#ground.standing()).filter((name) => !this.#names.has(name));
  }

  /** A line for each that is gone; null if nothing was put aside. */
  async missing(): Promise<string[] | null> {
    const gone: string[] = [];
    for (const name of this.#whole) if (!(await this.#ground.isThere(name))) gone.push(`${name} is gone`);
    return this.#whole.size === 0 ? null : gone;
  }

  async remove(): Promise<void> {
    this.#whole.clear();
    for (const name of this.#names) if (await this.#ground.isThere(name)) await this.#ground.remove(name);
  }
}
