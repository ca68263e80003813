import { sql } from "drizzle-orm";
import { own } from "../../contract/own.ts";
import type { HostKey, MachineState } from "../../contract/machine.ts";
import type { PoolSpec } from "../../contract/pool.ts";
import type { Recipe } from "../../contract/recipe.ts";
import type { LeasedOperation, MachineTarget } from "../../contract/relay.ts";
import { type Db, listOf, rows } from "../../db/client.ts";
import type { Leased } from "../core/leased.ts";
import { failUnreadable } from "./unreadable.ts";
import { recordPayload } from "./recordPayload.ts";
import { openSecrets } from "../secrets/params.ts";
import { NO_SECRET_KEYS, type Sealed, type SecretKeys } from "../secrets/keys.ts";
import { SETTINGS } from "../core/limits.ts";
import { specOf, specText } from "../core/spec.ts";
import { MADE_STATES } from "../core/states.ts";

/** The payload of each lease: everything that the relay needs, and nothing about other nodes or testers. */
type Source = {
  operation: string;
  machine: string;
  name: string;
  number: number;
  port: number | null;
  httpPort: number | null;
  dialHost: string | null;
  dialPort: number | null;
  accessHost: string | null;
  accessPort: number | null;
  hostKey: HostKey | null;
  driverRef: string | null;
  /** Whether it is only stopped now. */
  isKept: boolean;
  shape: PoolSpec["shape"];
  /** Null for an orphan, which is no pool's. */
  spec: PoolSpec | null;
  assignment: string | null;
  username: string | null;
  /** Its set-up is over, and this run is for its keys. */
  isActive: boolean;
  sshKeys: string[] | null;
  params: Record<string, string> | null;
  secrets: Record<string, Sealed> | null;
  content: Recipe | null;
  recipeVersion: string | null;
  loggedIn: boolean;
  logOffset: number;
  trace: string | null;
};

/** The leased operations as the contract has them. One whose subject is gone is left out and runs out by itself. */
export async function payloads(
  db: Db,
  leased: readonly Leased[],
  keys: SecretKeys = NO_SECRET_KEYS,
): Promise<LeasedOperation[]> {
  if (leased.length === 0) return [];
  const sources = new Map((await readSources(db, leased)).map((source) => [source.operation, source]));
  const made: LeasedOperation[] = [];
  for (const lease of leased) {
    const payload = await payloadOf(db, lease, sources.get(lease.id), keys);
    if (payload !== null) made.push(payload);
  }
  return made;
}

function payloadOf(
  db: Db,
  lease: Leased,
  source: Source | undefined,
  keys: SecretKeys,
): Promise<LeasedOperation | null> {
  if (lease.kind === "probe") return probePayload(db, lease);
  if (lease.kind === "import" || lease.kind === "unmark") return recordPayload(db, lease);
  return machinePayload(db, lease, source, keys);
}

function readSources(db: Db, leased: readonly Leased[]): Promise<Source[]> {
  return rows<Source>(
    db,
    sql`select o.id as operation, m.id as machine, m.name, m.number, m.port, m.http_port as "httpPort",
        m.dial_host as "dialHost", m.dial_port as "dialPort", m.access_host as "accessHost",
        m.access_port as "accessPort", m.host_key as "hostKey", m.driver_ref as "driverRef", coalesce(m.keep_until > now(), false) as "isKept", m.shape, ${specOf()} as spec,
        a.id as assignment, a.username, coalesce(a.state = 'active', false) as "isActive", a.ssh_keys as "sshKeys", a.params, a.secrets, r.content, r.version as "recipeVersion",
        a.logged_in_at is not null as "loggedIn", a.trace,
        coalesce((select max(l.end_byte) from setup_logs l where l.assignment = a.id and l.machine = m.id), 0) as "logOffset"
      from operations o
      join machines m on m.id = o.machine
      left join pools p on p.name = m.pool
      left join assignments a on a.id = o.assignment
      left join recipes r on r.name = a.recipe and r.version = a.recipe_version
      where o.id in (${listOf(leased.map((lease) => lease.id))})`,
  );
}

async function machinePayload(
  db: Db,
  lease: Leased,
  source: Source | undefined,
  keys: SecretKeys,
): Promise<LeasedOperation | null> {
  if (source === undefined) return null;
  const head: Head = { id: lease.id, token: lease.token, attempt: lease.attempt };
  if (lease.kind === "delete") {
    return {
      ...head,
      kind: "delete",
      machine: { id: source.machine, name: source.name, driverRef: source.driverRef },
      ...(source.isKept ? { keep: true } : {}),
    };
  }
  if (lease.kind === "cut")
    return { ...head, kind: "cut", machine: { id: source.machine, name: source.name } };
  if (!wasMade(source)) return null;
  const { spec } = source;
  if (lease.kind === "create") {
    const { name: pool, image, instanceType, adminSshKeys, bootTimeoutSeconds } = spec;
    return {
      ...head,
      kind: "create",
      machine: {
        id: source.machine,
        name: source.name,
        number: source.number,
        port: source.port,
        httpPort: source.httpPort,
        hostKey: source.hostKey,
      },
      spec: {
        pool,
        // What its node has booked for it, whatever the pool has come to ask for since.
        shape: source.shape,
        image,
        instanceType,
        adminSshKeys,
        bootTimeoutSeconds,
        ...(spec.healthCommand === undefined ? {} : { healthCommand: spec.healthCommand }),
        ...(spec.readyCommand === undefined ? {} : { readyCommand: spec.readyCommand }),
        ...(spec.accessCommand === undefined ? {} : { accessCommand: spec.accessCommand }),
      },
    };
  }
  if (lease.kind === "restart") return restartPayload(head, source);
  const opened = await openSecrets(keys, source.assignment ?? "", source.secrets ?? {});
  if ("secrets" in opened) return setupPayload(head, source, opened.secrets);
  await failUnreadable(db, lease, opened.unreadable);
  return null;
}

type Head = { id: string; token: number; attempt: number };

/** A machine of a pool, which has its ports from the start. An orphan has neither. */
type Made = Source & { spec: PoolSpec; port: number; httpPort: number };

function wasMade(source: Source): source is Made {
  return source.spec !== null && source.port !== null && source.httpPort !== null;
}

function restartPayload(head: Head, source: Made): LeasedOperation | null {
  const { machine: id, name, dialHost: host, dialPort: port, hostKey } = source;
  if (host === null || port === null || hostKey === null) return null;
  return {
    ...head,
    kind: "restart",
    machine: { id, name, host, port, hostKey },
    bootTimeoutSeconds: source.spec.bootTimeoutSeconds,
  };
}

function setupPayload(head: Head, source: Made, secrets: Record<string, string>): LeasedOperation | null {
  const {
    spec,
    hostKey,
    dialHost,
    dialPort,
    accessHost,
    accessPort,
    assignment,
    username,
    content,
    recipeVersion,
  } = source;
  if (
    hostKey === null ||
    dialHost === null ||
    dialPort === null ||
    accessHost === null ||
    accessPort === null
  )
    return null;
  if (assignment === null || username === null || content === null || recipeVersion === null) return null;
  return {
    ...head,
    kind: "setup",
    machine: {
      id: source.machine,
      name: source.name,
      host: dialHost,
      port: dialPort,
      hostKey,
      httpPort: source.httpPort,
      access: { host: accessHost, port: accessPort },
    },
    ...(source.trace === null ? {} : { traceparent: source.trace }),
    assignment: {
      id: assignment,
      username,
      sshKeys: source.sshKeys ?? [],
      adminSshKeys: spec.keepAdminKeys ? spec.adminSshKeys : [],
      sudo: spec.sudo,
      params: withoutSecrets(content, source.params ?? {}),
      secrets,
      // An input may be another by now, such as the machine's address: the recipe is not run again under a tester's feet.
      recipe: { name: content.name, version: recipeVersion, steps: source.isActive ? [] : content.steps },
      loggedIn: source.loggedIn,
      logOffset: source.logOffset,
      connectBudgetSeconds: SETTINGS.connectBudgetSeconds,
    },
  };
}

/** A row from before secrets were sealed may have one among its params: it must not become an environment variable. */
function withoutSecrets(recipe: Recipe, params: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(params).filter(([name]) => own(recipe.params, name)?.secret !== true),
  );
}

/** Everything on the node that can be dialled, assigned machines included: those are shown, never torn down. */
async function probePayload(db: Db, lease: Leased): Promise<LeasedOperation> {
  const states: readonly MachineState[] = lease.scope === null ? MADE_STATES : ["suspect"];
  const machines = await rows<MachineTarget & { state: MachineState; healthCommand: string | null }>(
    db,
    sql`select m.id, m.name, m.dial_host as host, m.dial_port as port, m.host_key as "hostKey", m.state,
        ${specText("healthCommand")} as "healthCommand"
      from machines m join pools p on p.name = m.pool
      where m.node = ${lease.node} and m.state in (${listOf(states)})
        and m.dial_host is not null and m.host_key is not null
      order by m.number`,
  );
  return {
    id: lease.id,
    token: lease.token,
    attempt: lease.attempt,
    kind: "probe",
    scope: lease.scope ?? "all",
    machines,
    attempts: SETTINGS.probeAttempts,
    attemptSeconds: SETTINGS.probeAttemptSeconds,
  };
}
