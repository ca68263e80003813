import * as fc from "fast-check";
import { inventory } from "../../../src/contract/node.ts";
import { DriverError } from "../../../src/relay/driver.ts";
import { type About, failureOf, parseAnswer } from "../../../src/relay/drivers/exec/failures.ts";
import {
  capacityAnswer,
  createAnswer,
  createInput,
  getAnswer,
  listAnswer,
  versionAnswer,
} from "../../../src/relay/drivers/exec/protocol.ts";
import * as incus from "../../../src/relay/drivers/incus/answers.ts";
import { boundsOf } from "../../../src/relay/drivers/incus/bounds.ts";
import { standingOf } from "../../../src/relay/drivers/incus/sizes.ts";
import { readMark } from "../../../src/relay/drivers/local/mark.ts";
import { originalOf } from "../../../src/relay/onlyOwn.ts";
import { damaged, damagedJson } from "./bytes.ts";
import { must, orRefused, type Parser, parser } from "./parser.ts";

/** What driver programs, Incus and the host tell a relay. */
const OWNER = { installation: "2f1d1f5e-0000-4000-8000-000000000001", node: "n1" };
const ABOUT: About = { command: "list", doing: "list by /d", timeoutSeconds: 10, hide: (text) => text };
const LONGEST_ERROR = 4096;

const MACHINE = {
  name: "wp-1",
  ref: "r",
  state: "running",
  mark: { ...OWNER, machine: "wp-1" },
  ssh: { host: "10.0.0.2", port: 22 },
  access: { host: "10.0.0.2", port: 22 },
};
const INVENTORY = {
  cpus: 8,
  memoryMib: { total: 16_000, available: 8000, reserve: 2048 },
  disks: [{ name: "d", totalGib: 100, usedGib: 10, thin: true }],
  machines: [
    { name: "wp-1", ours: true, running: true, vcpus: 1, memoryMib: 512, disks: [{ device: "d", gib: 5 }] },
  ],
  limits: { machines: 4 },
};
const ANSWERS = [
  { schema: createAnswer, sample: MACHINE },
  { schema: getAnswer, sample: { ...MACHINE, evidence: { console: "x" } } },
  { schema: listAnswer, sample: { complete: true, machines: [MACHINE, MACHINE], storageProof: "volumes" } },
  { schema: capacityAnswer, sample: INVENTORY },
  { schema: versionAnswer, sample: { version: "1" } },
];
const INSTANCE = {
  name: "wp-1",
  status: "Running",
  project: "warmpool",
  expanded_config: { "limits.cpu": "0-3", "limits.memory": "512MiB", "user.warmpool.node": "n1" },
  expanded_devices: { root: { type: "disk", pool: "default", size: "10GiB" } },
};
const LIMITS = { "limits.instances": "4", "limits.cpu": "8", "limits.memory": "20%", "limits.disk": "2GiB" };
/** Incus refuses most of what is wrong with one, but not in each version the same. */
const size = damaged(["4", "0-3", "0-1,5", "512MiB", "20%", "1.5GB", "9".repeat(30), "5-2"]);
const sizes = fc.dictionary(
  fc.constantFrom(...Object.keys(LIMITS), "limits.containers", "limits.disk.pool.default"),
  size,
);
const HOST = { cpu: { total: 8 }, memory: { total: 16 * 2 ** 30, used: 2 ** 30 } };

const isDriverError = (error: Error) => error instanceof DriverError && error.message.length <= LONGEST_ERROR;

export const fromDrivers: readonly Parser[] = [
  parser(
    "answers of driver programs",
    fc
      .constantFrom(...ANSWERS)
      .chain(({ schema, sample }) => damaged([JSON.stringify(sample)]).map((text) => ({ schema, text }))),
    ({ schema, text }) => {
      orRefused(() => parseAnswer(ABOUT, schema, text), isDriverError);
    },
  ),
  parser(
    "how driver programs end",
    fc.record({
      code: fc.option(fc.integer({ min: 0, max: 255 })),
      by: fc.constantFrom(null, "SIGKILL" as const),
      cut: fc.constantFrom(null, "too_slow" as const, "too_long" as const),
      stdout: fc.constant(""),
      stderr: damaged(["no space left\n", "x".repeat(5000)]),
    }),
    (ran) => must(isDriverError(failureOf(ABOUT, ran)), "its error is too long"),
  ),
  parser("what driver programs are told", damagedJson([{ ...MACHINE, image: "i" }]), (value) => {
    createInput.safeParse(value);
  }),
  parser(
    "answers of Incus",
    damagedJson([INSTANCE, { ...INSTANCE, config: {}, project: "p" }, HOST]),
    (value) => {
      for (const schema of [
        ...[incus.instance, incus.listedInstance, incus.volume, incus.operation, incus.runningOperation],
        ...[
          incus.server,
          incus.resources,
          incus.sizedInstance,
          incus.project,
          incus.pool,
          incus.poolResources,
        ],
      ])
        schema.safeParse(value);
    },
  ),
  parser(
    "sizes that Incus has",
    fc.tuple(damagedJson([INSTANCE]), sizes, size).map(([one, config, disk]) => {
      const devices = { root: { ...INSTANCE.expanded_devices.root, size: disk } };
      const whole = { ...INSTANCE, expanded_config: config, expanded_devices: devices };
      return { one: typeof one === "object" && one !== null ? { ...whole, ...one } : whole, config, whole };
    }),
    ({ one, config, whole }) => {
      const project = incus.project.safeParse({ config });
      const machines = [one, whole].flatMap((value) => {
        const { data } = incus.sizedInstance.safeParse(value);
        return data === undefined ? [] : [standingOf(data, "warmpool", OWNER, HOST)];
      });
      const limits = project.success ? boundsOf(project.data.config, HOST) : null;
      // One that the edge refuses would cost the node its whole inventory.
      const told = { ...INVENTORY, machines, ...(limits === null ? {} : { limits }) };
      const { error } = inventory.safeParse(JSON.parse(JSON.stringify(told)));
      must(error === undefined, `the edge refuses it: ${error?.message ?? ""}`);
    },
  ),
  parser(
    "marks in the environment of processes",
    damaged([
      `PATH=/bin\0WARMPOOL_INSTALLATION=${OWNER.installation}\0WARMPOOL_NODE=n1\0WARMPOOL_MACHINE=wp-1\0WARMPOOL_SSH_PORT=22\0`,
    ]),
    (environ) => {
      const found = readMark(environ, OWNER);
      must(found === null || found.mark.installation === OWNER.installation, "a foreign mark is taken");
    },
  ),
  parser("marks of machines", damagedJson([MACHINE, { ...MACHINE, copied: true }]), (value) => {
    const { data } = createAnswer.safeParse(value);
    if (data === undefined) return;
    const machine = { ref: data.name, access: data.ssh, ...data };
    const isExact = machine.mark?.machine === machine.name && machine.mark.node === OWNER.node;
    must(
      originalOf(machine as Parameters<typeof originalOf>[0], OWNER) !== null ||
        machine.mark === undefined ||
        isExact,
      "a machine with another's mark is taken for ours",
    );
  }),
];
