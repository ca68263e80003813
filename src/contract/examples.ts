import { own } from "./own.ts";

/**
 * What a person can write into a field, by the field's name: for refusals, and for the reference of what they take
 * (docs/pool-spec.md). A name means the same thing everywhere.
 */
const EXAMPLES: Record<string, unknown> = {
  accessCommand: 'nc -z "$WARMPOOL_HOST" "$WARMPOOL_PORT"',
  adminSshKeys: ["ssh-ed25519 AAAA… admin@example"],
  assigned: "keep",
  assignmentTtlSeconds: 86_400,
  bootTimeoutSeconds: 600,
  concurrency: 2,
  default: "stable",
  description: "which channel to install from",
  diskGib: 20,
  expiresInSeconds: 7_776_000,
  externalId: "order-4711",
  failureThreshold: 2,
  healthCommand: "systemctl is-active myapp",
  holdFailedSeconds: 86_400,
  id: "0b9f6d3e-6a6e-4f5c-9a35-1c1f0a9d2b11",
  image: "debian-12",
  instanceType: "container",
  keepAdminKeys: true,
  labels: ["ssd"],
  limit: 50,
  lost: true,
  machineTtlSeconds: 604_800,
  maxSize: 6,
  memoryMib: 2048,
  name: "demo",
  node: "n1",
  nodeLabels: ["ssd"],
  nodes: ["n1", "n2"],
  note: "the disk makes noises",
  page: true,
  params: { channel: "stable" },
  pattern: "stable|beta",
  placement: "spread",
  pool: "demo",
  readyCommand: "test -e /run/ready",
  recipe: "example",
  release: true,
  required: true,
  role: "app",
  script: "install.sh",
  secret: true,
  shape: { vcpus: 2, memoryMib: 2048, diskGib: 20 },
  silenceSeconds: 90,
  sshKeys: ["ssh-ed25519 AAAA… alice@example"],
  state: "ready",
  steps: [{ id: "install", title: "Install", script: "install.sh", timeoutSeconds: 600 }],
  sudo: false,
  targetSize: 3,
  testerTtlSeconds: 259_200,
  timeoutSeconds: 600,
  title: "Install the application",
  ttlSeconds: 86_400,
  username: "alice",
  vcpus: 2,
  wait: true,
};

/** Something that may be written into the field of that name; undefined where none is known. */
export function exampleOf(name: string): unknown {
  return own(EXAMPLES, name);
}
