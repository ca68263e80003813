import { until } from "../../../test/helpers/until.ts";
import { type Assignment, assigned } from "../../harness/interface.ts";
import type { Rpc } from "../../harness/rpc.ts";
import { type Key, makeKey, ssh } from "../../harness/sshClient.ts";
import { checkNotes, NOTES } from "../../harness/stepRecipe.ts";
import { becomesActive, readNotes, statusOf } from "../setups.ts";

/** Testers, the machines that they were given, and the keys that they log in with. */
export class People {
  readonly #admin: Rpc;
  readonly #keys = new Map<string, Key>();
  readonly #machines = new Map<string, NonNullable<Assignment["machine"]>>();
  readonly #key: Key;
  #changes = 0;

  constructor(admin: Rpc, key: Key) {
    this.#admin = admin;
    this.#key = key;
  }

  machineOf(username: string): string {
    const machine = this.#machines.get(username);
    if (machine === undefined) throw new Error(`${username} has no machine`);
    return machine.name;
  }

  async getMachines(...usernames: string[]): Promise<void> {
    for (const username of usernames) {
      this.#keys.set(username, this.#key);
      await this.#admin.mutate("tester.assign", { username, sshKeys: [this.#key.publicKey] }, assigned);
    }
    for (const username of usernames) {
      await becomesActive(this.#admin, username);
      await readNotes(this.#admin, username, this.#key);
      const { machine } = await statusOf(this.#admin, username);
      if (machine !== null) this.#machines.set(username, machine);
    }
  }

  /** @throws Error if one of them cannot log in to the machine that they were given, or a step has run again there */
  async stillIn(...usernames: string[]): Promise<void> {
    for (const username of usernames) {
      const machine = this.#machines.get(username);
      if (machine === undefined) throw new Error(`${username} has no machine`);
      const key = this.#keys.get(username) ?? this.#key;
      const read = await ssh(machine, username, key, `cat ${NOTES}`);
      if (read.code !== 0) throw new Error(`${username} cannot log in to ${machine.name}: ${read.stderr}`);
      checkNotes(read.stdout);
    }
  }

  /** Waits until the new key opens the machine, which it does within moments. */
  async changesKey(username: string, folder: string): Promise<void> {
    const key = await makeKey(folder, `${username}-${(this.#changes += 1)}`);
    await this.#admin.mutate("tester.assign", { username, sshKeys: [key.publicKey] }, assigned);
    this.#keys.set(username, key);
    await until(`${username}'s new key to open the machine`, async () => {
      await this.stillIn(username);
      return true;
    });
  }
}
