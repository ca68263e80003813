import { renameSync } from "node:fs";
import { unlink } from "node:fs/promises";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { z } from "zod";
import { until } from "../../../test/helpers/until.ts";
import { POOL } from "../../harness/part.ts";
import { listMachines, putPoolLike, untilFull } from "../../harness/pools.ts";
import { CHECKOUT, type Program, runWith, startProgram } from "../../harness/program.ts";
import type { Key } from "../../harness/sshClient.ts";
import { must, type Scene } from "./operator.ts";

/**
 * B2: the daemon of a node dies. It is a second node, whose relay reaches this host's Incus by a socket of its own: that
 * one can be without a daemon while the host's goes on.
 */
const NODE = "away";
const DOWN = `warmpool_node_driver_down{node="${NODE}"}`;
const enrolled = z.looseObject({ joinToken: z.string() });

export async function deadDaemon(scene: Scene, key: Key): Promise<void> {
  const { report, stack, operator, folder } = scene;
  const { admin } = stack;
  const daemon = await Daemon.listen(join(folder, "away.socket"));
  await putPoolLike(admin, POOL, { nodes: ["local"] });
  const relay = await report.check(
    `B2 a second node ${NODE} joins, and gina has a machine there`,
    async () => {
      const started = await startRelay(scene, daemon.path);
      await putPoolLike(admin, POOL, { name: NODE, nodes: [NODE], targetSize: 0, maxSize: 1 });
      await operator.warmpool(`assign gina --pool ${NODE} --key ${key.publicFile} --wait`);
      return started;
    },
  );
  const { name } = await operator.machineOf("gina", NODE);
  await daemon.die();
  await operator.warmpool(`release gina --pool ${NODE}`);
  await operator.sweep("local", NODE);
  await report.check(
    "B2 its daemon is dead: status, doctor and the metric say it, and what it keeps from being done",
    async () => {
      const seen = [
        await operator.reads(
          "status",
          [
            new RegExp(
              `${NODE}: its driver has been failing for [^:]+: .*?No response on \\S+ to [^:]+: \\w+`,
            ),
            new RegExp(`${name} on ${NODE} cannot be torn down, tried \\d+ times`),
          ],
          { seconds: 60 },
        ),
        await operator.reads(
          "doctor",
          [new RegExp(`WRONG node ${NODE} its driver has been failing`), /look at the hypervisor/],
          {
            code: 1,
          },
        ),
        await operator.metric(DOWN),
      ];
      must(seen.at(-1) === `${DOWN} 1`, `the metric is ${seen.at(-1)}`);
      return seen.join("; ").replaceAll(folder, "…");
    },
  );
  await daemon.rise();
  await report.check("B2 it is back: the machine goes, and nobody says anything any more", async () => {
    await untilFull(admin, NODE, 0, 120);
    await operator.sweep("local", NODE);
    await until("the metric to be 0", async () => (await operator.metric(DOWN)) === `${DOWN} 0`, {
      seconds: 90,
      everyMs: 500,
    });
    await operator.readsNothingOf("status", [/driver has been failing/, /cannot be torn down/]);
    return `${await operator.reads("doctor", [new RegExp(`ok node ${NODE} relay \\S+ driver incus \\S+`)])}; ${DOWN} 0`;
  });
  await report.check("B2 the second node is removed again", async () => {
    await operator.warmpool(`pool remove ${NODE} --yes`);
    must((await listMachines(admin, NODE)).length === 0, "its pool still has machines");
    process.kill(-relay.pid, "SIGTERM");
    await until("its relay to end", () => relay.hasEnded());
    await operator.warmpool(`node remove ${NODE} --yes`);
    await putPoolLike(admin, POOL, { nodes: undefined });
    await daemon.die();
  });
}

/** As docs/production.md has it: enroll, join, run. */
async function startRelay({ stack, folder, operator }: Scene, socket: string): Promise<Program> {
  const { joinToken } = await stack.admin.mutate("node.enroll", { name: NODE }, enrolled);
  const dir = join(folder, "away-relay");
  const env = { WARMPOOL_JOIN_TOKEN: joinToken };
  const joining = ["warmpool", "relay", "join", "--url", stack.local().url, "--dir", dir];
  const joined = await runWith("", "npx", joining, 60, { cwd: CHECKOUT, env });
  must(joined.code === 0, `relay join ended with ${joined.code}: ${joined.stderr}`);
  const place = ["--driver", "incus", "--socket", socket, "--project", operator.project];
  const relay = await startProgram("npx", ["warmpool", "relay", "run", "--dir", dir, ...place], {
    cwd: CHECKOUT,
    env: {},
    logFile: join(folder, "away-relay.log"),
  });
  await until("the second relay to serve its node", () => relay.tail(50).includes(`node=${NODE}`), {
    seconds: 60,
  });
  return relay;
}

/** A socket that leads to the daemon of this host, and can be what a killed one leaves: a file that nobody listens on. */
class Daemon {
  static readonly #HOST = "/var/lib/incus/unix.socket";
  readonly path: string;
  readonly #open = new Set<Socket>();
  #server: Server | null = null;

  private constructor(path: string) {
    this.path = path;
  }

  static async listen(path: string): Promise<Daemon> {
    const daemon = new Daemon(path);
    await daemon.#serve();
    return daemon;
  }

  async die(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    // A server removes the file of its socket when it closes.
    renameSync(this.path, `${this.path}.kept`);
    const closed = once(server, "close");
    server.close();
    for (const socket of this.#open) socket.destroy();
    await closed;
    renameSync(`${this.path}.kept`, this.path);
    this.#server = null;
  }

  async rise(): Promise<void> {
    await unlink(this.path);
    await this.#serve();
  }

  async #serve(): Promise<void> {
    const server = createServer((near) => {
      const far = connect(Daemon.#HOST);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#open.add(one);
        one.on("error", () => other.destroy());
        one.once("close", () => {
          this.#open.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
    server.listen(this.path);
    await once(server, "listening");
    this.#server = server;
  }
}
