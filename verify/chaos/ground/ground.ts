import type { Driver } from "../../harness/options.ts";
import { incusGround } from "./incus.ts";
import { localGround } from "./local.ts";

/**
 * Where the machines stand, seen and touched past Warmpool and its drivers: by the host's own means. It is what rows
 * are compared with, and how machines come to harm.
 */
export type Ground = {
  /** Names of all machines of the installation of which anything is there: running, stopped, half made, half deleted. */
  standing(): Promise<string[]>;
  /** @throws Error where the machine is not there to suffer it; so do the others. */
  kill(name: string): Promise<void>;
  freeze(name: string): Promise<void>;
  /** A machine that is not frozen, or gone, is left as it is. */
  thaw(name: string): Promise<void>;
  /** All of it goes, as if somebody had deleted it by hand. */
  vanish(name: string): Promise<void>;
  /** Runs a script as root in the machine. */
  inside(name: string, script: string): Promise<void>;
  /** A person makes a copy of the machine, which goes on. */
  copy(name: string, as: string): Promise<void>;
  /** A person stops the machine and gives it another name. */
  rename(name: string, as: string): Promise<void>;
  /** Whether anything of a machine of that name is there, whosever it is. */
  isThere(name: string): Promise<boolean>;
  /** Removes a copy. */
  remove(name: string): Promise<void>;
};

/**
 * @param installation the mark that its machines carry
 * @param roots local: the folders of machines
 */
export function groundOf(driver: Driver, installation: string, roots: readonly string[]): Ground {
  return driver === "local" ? localGround(installation, roots) : incusGround(installation);
}
