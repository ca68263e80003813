import { run } from "../../harness/program.ts";
import type { Ground } from "./ground.ts";

/** Machines of the driver `incus`: by Incus's own command line, and by the mark that each instance carries. */
const SECONDS = 120;

export function incusGround(installation: string): Ground {
  const mark = `user.warmpool.installation=${installation}`;
  const act = async (verb: string, ...args: string[]): Promise<void> => void (await incus(verb, ...args));
  return {
    standing: async () => {
      const listed = await incus("list", mark, "--format", "csv", "--columns", "n");
      return listed.split("\n").filter(Boolean);
    },
    kill: (name) => act("stop", "--force", name),
    freeze: (name) => act("pause", name),
    thaw: async (name) => {
      const state = await incus("list", `^${name}$`, "--format", "csv", "--columns", "s");
      if (state.trim() === "FROZEN") await act("resume", name);
    },
    vanish: (name) => act("delete", "--force", name),
    inside: (name, script) => act("exec", name, "--", "sh", "-c", script),
    copy: (name, as) => act("copy", name, as),
    rename: async (name, as) => {
      await act("stop", "--force", name);
      await act("rename", name, as);
    },
    isThere: async (name) => (await incus("list", `^${name}$`, "--format", "csv", "--columns", "n")) !== "",
    remove: (name) => act("delete", "--force", name),
  };
}

async function incus(...args: string[]): Promise<string> {
  const ran = await run("incus", ["--project", "warmpool", ...args], SECONDS);
  if (ran.code === 0) return ran.stdout;
  throw new Error(`incus ${args.join(" ")} ended with ${ran.code}: ${ran.stderr.trim()}`);
}
