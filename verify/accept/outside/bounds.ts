import { z } from "zod";
import { until } from "../../../test/helpers/until.ts";
import { POOL } from "../../harness/part.ts";
import { getPool, putPoolLike, untilFull } from "../../harness/pools.ts";
import type { Scene } from "./operator.ts";

/** B4: somebody bounds the project that the machines are in. */

/** A relay counts what its node has every minute. */
const COUNTED_SECONDS = 120;
const PROCESSES = 500;
const STORAGE_POOL = "warmpool";
const WORDS = String.raw`Creating \S+: Reached maximum number of instances in project "[\w-]+"`;
/** Which of the two is shown depends on what comes first: the node's next count, or the end of the create. */
const REFUSED = String.raw`(?:the limit on machines|refused the last such machine and has not changed since \(${WORDS}\))`;
const report = z.looseObject({
  nodes: z.array(z.looseObject({ node: z.string(), inventoryAt: z.iso.datetime().nullable() })),
});

/** A bound that lets all machines be that there are, and not one more. */
type Bound = { key: string; value: string; binds: string };

export async function projectBounds(scene: Scene): Promise<void> {
  const { operator } = scene;
  const listed = await operator.incus("list", "--format", "csv", "--columns", "n");
  const standing = listed.split("\n").filter(Boolean).length;
  await refusal(scene, standing);
  const bounds: Bound[] = [
    { key: "limits.containers", value: String(standing), binds: "the limit on containers" },
    {
      key: `limits.disk.pool.${STORAGE_POOL}`,
      value: `${standing * 1024 + 512}MiB`,
      binds: "the limit on disk",
    },
    { key: "limits.processes", value: String(standing * PROCESSES), binds: "the limit on processes" },
  ];
  // Incus wants each machine to be bound before all of them together.
  await operator.incus("profile", "set", "warmpool", `limits.processes=${PROCESSES}`);
  for (const bound of bounds) await binding(scene, bound);
  await operator.incus("profile", "unset", "warmpool", "limits.processes");
}

/** Incus refuses a machine for a bound that nobody has counted yet: its words are on record, and the bound is known. */
async function refusal({ report: told, stack, operator }: Scene, standing: number): Promise<void> {
  const { admin } = stack;
  const { spec } = await getPool(admin, POOL);
  const { targetSize, maxSize } = spec;
  await freshlyCounted(admin);
  await operator.bound("set", `limits.instances=${standing}`);
  await putPoolLike(admin, POOL, { targetSize: targetSize + 1, maxSize: maxSize + 1 });
  await told.check(`B4 limits.instances=${standing}: a create is refused, in Incus's own words`, async () => {
    const words = await operator.reads("events --kind machine", [new RegExp(WORDS)]);
    await operator.sweep();
    await operator.reads("capacity", [new RegExp(`Bound by local: ${REFUSED}`)]);
    return `${words}; ${await operator.reads("status", [new RegExp(`local: ${REFUSED}`)])}`;
  });
  await operator.bound("unset", "limits.instances");
  await told.check("B4 the bound is taken back: the machine is made without anybody's help", async () => {
    const isMade = async () => (await getPool(admin, POOL)).counts.ready === targetSize + 1;
    await operator.sweepUntil("the machine to be ready", isMade, COUNTED_SECONDS);
    await putPoolLike(admin, POOL, { targetSize, maxSize });
    await operator.sweep();
    await untilFull(admin, POOL, targetSize, 60);
  });
}

async function binding({ report: told, operator }: Scene, { key, value, binds }: Bound): Promise<void> {
  await operator.bound("set", `${key}=${value}`);
  await told.check(`B4 ${key}=${value}: capacity shows that it binds`, () =>
    operator.reads("capacity", [/\d+ more of/, new RegExp(`Bound by local: ${binds}`)], {
      seconds: COUNTED_SECONDS,
    }),
  );
  await operator.bound("unset", key);
}

/** Just after the node was counted, it is not counted again for a while. */
async function freshlyCounted(admin: Scene["stack"]["admin"]): Promise<void> {
  const countedAt = async () => {
    const { nodes } = await admin.query("capacity.report", { pool: POOL }, report);
    return nodes.find(({ node }) => node === "local")?.inventoryAt ?? null;
  };
  const before = await countedAt();
  await until("the node to be counted", async () => (await countedAt()) !== before, {
    seconds: COUNTED_SECONDS,
  });
}
