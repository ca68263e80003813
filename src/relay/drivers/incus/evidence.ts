import { wordsOf } from "../../errors.ts";
import { capped, printable } from "../../text.ts";
import type { Instance } from "./answers.ts";
import type { Incus } from "./client.ts";
import { saysAbsent } from "./failures.ts";
import { pathOf } from "./look.ts";

/** Where a machine says how its first boot went; read out of its files, so also when nothing in it answers. */
const FILES = {
  "cloud-init status": "/var/lib/cloud/data/status.json",
  "cloud-init result": "/var/lib/cloud/data/result.json",
  "cloud-init output": "/var/log/cloud-init-output.log",
};

const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g;

/** Text that helps a person see why a machine never became ready; 64 KiB at most, and no private key in it. */
export async function gatherEvidence(
  incus: Incus,
  found: Instance,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const { name, status, type } = found;
  const path = pathOf(name);
  const log = type === "container" ? "lxc.log" : "qemu.log";
  const texts: [string, Promise<string>][] = [
    ["console", textOf(incus, `${path}/console`, signal)],
    ["instance log", textOf(incus, `${path}/logs/${log}`, signal)],
    ...Object.entries(FILES).map(([title, file]): [string, Promise<string>] => [
      title,
      textOf(incus, `${path}/files`, signal, { path: file }),
    ]),
  ];
  const evidence = new Map([["instance", `${name} is ${status} (${type})`]]);
  for (const [title, text] of texts) evidence.set(title, withoutKeys(await text));
  return capped(Object.fromEntries(evidence));
}

/** Empty where it is not there: a machine that never started has no console. */
async function textOf(
  incus: Incus,
  path: string,
  signal: AbortSignal,
  query: Record<string, string> = {},
): Promise<string> {
  try {
    return printable(await incus.readBytes(path, signal, query));
  } catch (error) {
    signal.throwIfAborted();
    return saysAbsent(error) ? "" : `could not be read: ${wordsOf(error)}`;
  }
}

function withoutKeys(text: string): string {
  return text.replaceAll(PRIVATE_KEY, "(a private key was here)");
}
