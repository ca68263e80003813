import type { Assignment } from "../../src/contract/assignment.ts";
import type { MachineView } from "../../src/contract/machine.ts";
import type { PoolView } from "../../src/contract/pool.ts";

/** Whole, plausible values of the contract's types; tests change the fields they are about. */

export const KEY =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILe0KxqVsvf9cHPsl9TLfOmy7ldMm5JxeG1fzn6XJSwv alice@laptop";

const hostKey = {
  type: "ssh-ed25519" as const,
  key: "AAAAC3NzaC1lZDI1NTE5AAAAIHg5ehKCnbAFmXmSGYGjcA7pnYDgDdgCn5DLQSHTyc3N",
  fingerprint: "SHA256:uFWVJ3yUqFDEYNCTmLtHq3bUmYAhbIgWhPRhKTEnwyY",
};

export function anAssignment(change: Partial<Assignment> = {}): Assignment {
  return {
    id: "0192f0c1-0000-7000-8000-000000000001",
    pool: "demo",
    username: "alice",
    externalId: null,
    state: "active",
    machine: { id: "m1", name: "wp-demo-7", host: "127.0.0.1", port: 20_007, user: "alice", hostKey },
    outputs: { token: "abc", url: "http://127.0.0.1:21007/" },
    queue: null,
    setup: null,
    swaps: 0,
    keysPending: false,
    error: null,
    createdAt: "2026-11-24T10:00:00.000Z",
    activeAt: "2026-11-24T10:00:05.000Z",
    expiresAt: null,
    releasedAt: null,
    accessEndedAt: null,
    ...change,
  };
}

export function inSetup(step: number, percent: number, title = "Install the packages"): Assignment {
  const setup = {
    step,
    steps: 4,
    title,
    percent,
    attempt: 1,
    startedAt: "2026-11-24T10:00:01.000Z",
    etaSeconds: 60,
  };
  return anAssignment({ state: "setting_up", outputs: {}, activeAt: null, setup });
}

export function inLine(position: number): Assignment {
  const queue = { position, etaSeconds: 120, etaRange: [60, 240] as [number, number] };
  return anAssignment({ state: "waiting", machine: null, outputs: {}, activeAt: null, queue });
}

export function aPool(change: Partial<PoolView> = {}): PoolView {
  return {
    name: "demo",
    spec: {
      name: "demo",
      targetSize: 3,
      maxSize: 6,
      shape: { vcpus: 1, memoryMib: 512, diskGib: 4 },
      image: "local",
      instanceType: "container",
      adminSshKeys: [KEY],
      recipe: "example",
      bootTimeoutSeconds: 600,
      failureThreshold: 2,
      holdFailedSeconds: 86_400,
      keepAdminKeys: true,
      placement: "spread",
      sudo: false,
    },
    paused: false,
    counts: { provisioning: 0, ready: 3, suspect: 0, assigned: 1, held: 0, deleting: 0 },
    claimable: 3,
    waiting: 0,
    conditions: [],
    runway: null,
    createdAt: "2026-11-24T09:00:00.000Z",
    isDefault: false,
    removedAt: null,
    ...change,
  };
}

export function aMachine(change: Partial<MachineView> = {}): MachineView {
  return {
    id: "0192f0c1-0000-7000-8000-000000000007",
    name: "wp-demo-7",
    pool: "demo",
    node: "local",
    state: "ready",
    phase: null,
    host: "127.0.0.1",
    port: 20_007,
    access: { host: "127.0.0.1", port: 20_007 },
    hostKey,
    driver: "local",
    driverRef: "wp-demo-7",
    adoptedAt: null,
    importedAt: null,
    keepUntil: null,
    stale: false,
    suspectSince: null,
    readyAt: "2026-11-24T09:01:00.000Z",
    createdAt: "2026-11-24T09:00:50.000Z",
    deletedAt: null,
    assignment: null,
    lastProbe: null,
    hold: null,
    cut: null,
    operation: null,
    can: {
      recreate: null,
      restart: null,
      hold: null,
      unhold: "it is ready, not held",
      cut: "it has no assignment; hold it first to keep it, or recreate it",
      uncut: "its access is not cut",
      forget: null,
      release: "it has no assignment",
    },
    receipt: null,
    evidence: null,
    ...change,
  };
}
