import { createHash, generateKeyPairSync } from "node:crypto";
import { z } from "zod";
import { anything, type HostKey } from "../harness/interface.ts";
import { type Rpc, rpc, RpcError } from "../harness/rpc.ts";

/**
 * A relay without a node behind it: it joins like one, and says of every machine at once that it is made, alive or
 * gone. So a pool has its ready rows in a second, and the edge can be looked at alone. It takes no set-ups.
 */
const about = { relayVersion: "stand-in", driver: "stand-in", driverVersion: "1" };
const enrolled = z.looseObject({ joinToken: z.string() });
const joined = z.looseObject({ credential: z.string() });
const opened = z.looseObject({ session: z.string() });

const head = { id: z.string(), token: z.int() };
const operation = z.discriminatedUnion("kind", [
  z.looseObject({
    ...head,
    kind: z.literal("create"),
    machine: z.looseObject({ id: z.string(), name: z.string(), port: z.int() }),
  }),
  z.looseObject({ ...head, kind: z.literal("delete"), machine: z.looseObject({ name: z.string() }) }),
  z.looseObject({
    ...head,
    kind: z.literal("probe"),
    machines: z.array(z.looseObject({ id: z.string(), name: z.string() })),
  }),
]);
type Operation = z.infer<typeof operation>;
const leased = z.looseObject({ operations: z.array(operation) });

/**
 * Joins as `node`, and works while `use` does. What the edge refuses for want of room is tried again.
 * @returns what `use` gives. @throws what it throws, or what ended the stand-in's own work.
 */
export async function withStandIn<T>(
  url: string,
  admin: Rpc,
  node: string,
  use: () => Promise<T>,
): Promise<T> {
  const { joinToken } = await admin.mutate("node.enroll", { name: node }, enrolled);
  const { credential } = await rpc(url, joinToken).mutate("relay.join", about, joined);
  const relay = rpc(url, credential);
  const { session } = await relay.mutate(
    "relay.open",
    { ...about, sshPublicKey: `ssh-ed25519 ${ed25519Blob()}`, highestMachineNumber: 0, listing: null },
    opened,
  );
  let isOver = false;
  const work = serve(relay, session, () => isOver);
  try {
    return await Promise.race([
      use(),
      work.then(() => Promise.reject(new Error("the stand-in ended early"))),
    ]);
  } finally {
    isOver = true;
    await work;
  }
}

async function serve(relay: Rpc, session: string, isOver: () => boolean): Promise<void> {
  const names = new Set<string>();
  while (!isOver()) {
    // A short poll, so that the end of it is never far.
    const input = { session, free: { setups: 0, others: 4 }, waitSeconds: 1 };
    const { operations } = await patiently(() => relay.mutate("relay.lease", input, leased));
    await Promise.all(operations.map((one) => carryOut(relay, session, one, names)));
  }
}

async function carryOut(relay: Rpc, session: string, one: Operation, names: Set<string>): Promise<void> {
  const { id, token } = one;
  const finish = (result: object) =>
    patiently(() => relay.mutate("relay.finish", { session, id, token, result }, anything));
  switch (one.kind) {
    case "create": {
      const progress = { kind: "create", phase: "cloning", hostKey: makeHostKey() };
      const operations = [{ id, token, progress }];
      await patiently(() => relay.mutate("relay.renew", { session, operations }, anything));
      names.add(one.machine.name);
      const here = { host: "127.0.0.1", port: one.machine.port };
      await finish({
        outcome: "created",
        driver: "stand-in",
        driverRef: one.machine.name,
        ...here,
        access: here,
      });
      return;
    }
    case "delete": {
      names.delete(one.machine.name);
      const listingStartedAt = new Date().toISOString();
      await finish({
        outcome: "deleted",
        receipt: { kind: "listed", listingStartedAt, storageProof: "volumes" },
      });
      return;
    }
    case "probe":
      await finish({
        outcome: "probed",
        listing: { complete: true, startedAt: new Date().toISOString(), names: [...names] },
        answers: one.machines.map((machine) => ({ id: machine.id, answer: "alive", cause: null })),
      });
  }
}

/**
 * Retries as a relay does when the edge is unavailable or unreachable. A relay never gives up; this one does after two
 * minutes' worth of pauses, which is longer than a crowd keeps an edge on a busy host from answering.
 */
async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof RpcError) || ![0, 503].includes(error.status) || failures === 120) throw error;
      await new Promise((resolve) => setTimeout(resolve, Number(error.retryAfter ?? 0.25) * 1000));
    }
  }
}

function makeHostKey(): HostKey {
  const key = ed25519Blob();
  const digest = createHash("sha256").update(Buffer.from(key, "base64")).digest("base64");
  return { type: "ssh-ed25519", key, fingerprint: `SHA256:${digest.replace(/=+$/, "")}` };
}

/** A public key as OpenSSH writes it (RFC 8709): type and key, each with its length before it. */
function ed25519Blob(): string {
  const { publicKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const fields = [Buffer.from("ssh-ed25519"), raw].flatMap((field) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(field.length);
    return [length, field];
  });
  return Buffer.concat(fields).toString("base64");
}
