import type { Settings } from "./settings.ts";
import { type Call, runTool } from "./tool.ts";

/** One connection to libvirt a call: `virsh` with these arguments. */
export type Virsh = (args: string[], call: Call) => Promise<string>;

export function virshOf({ uri }: Settings): Virsh {
  return (args, call) => runTool("virsh", ["--quiet", "--connect", uri, ...args], call);
}

/**
 * Several commands over one connection, for asking only: virsh goes on after one that fails, and ends with what the
 * last of them ended with.
 */
export function together(commands: string[][]): string[] {
  return [commands.map((words) => words.map(quoted).join(" ")).join("; ")];
}

/** As virsh's own parser wants it. */
function quoted(word: string): string {
  return word.replaceAll(/[^\w./:-]/gu, String.raw`\$&`);
}
