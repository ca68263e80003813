import { z } from "zod";
import { putPoolLike } from "../../verify/harness/pools.ts";
import type { Rpc } from "../../verify/harness/rpc.ts";

/** A recipe of a machine that would like to run something in the browser of whoever looks at it. */
export const HOSTILE = {
  script: "<script>alert(1)</script>",
  image: "<img src=x onerror=alert(2)>",
  url: "javascript:alert(3)",
};

/** Its second step continues as soon as something listens on that port of the host: progress can be seen before. */
export function hostileRecipe(port: number) {
  const step = (id: string, title: string, script: string) => ({ id, title, script, timeoutSeconds: 300 });
  return {
    name: "hostile",
    params: {},
    steps: [
      step(
        "talk",
        `Talk ${HOSTILE.script}`,
        [
          `echo '${HOSTILE.script}'`,
          `echo '${HOSTILE.image}'`,
          `printf '\\033[31mred\\033[0m \\033]0;title\\007end\\n'`,
          `echo '::output url=${HOSTILE.url}'`,
          `echo '::output note=${HOSTILE.image}'`,
          `echo '::output site=https://desk.example/start'`,
        ].join("\n"),
      ),
      step(
        "wait",
        "Wait for the test",
        `echo '::progress 40 half'
until bash -c ': </dev/tcp/127.0.0.1/${port}' 2>/dev/null; do sleep 0.2; done`,
      ),
    ],
  };
}

/** Makes the pool demo run it, and lets its testers extend their time. */
export async function useRecipe(admin: Rpc, recipe: ReturnType<typeof hostileRecipe>): Promise<void> {
  await admin.mutate("recipe.put", recipe, z.unknown());
  await putPoolLike(admin, "demo", {
    recipe: recipe.name,
    assignmentTtlSeconds: 3600,
    testerTtlSeconds: 7200,
  });
}
