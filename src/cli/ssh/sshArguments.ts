import type { Assignment } from "../../contract/assignment.ts";

/** What ssh needs to know of a machine. */
export type SshTarget = Pick<
  NonNullable<Assignment["machine"]>,
  "name" | "host" | "port" | "user" | "hostKey"
>;

/**
 * The arguments that make OpenSSH accept the pinned host key and nothing else, whatever stands in its configuration
 * files. The machine's name stands for host and port in known_hosts (HostKeyAlias), so an address that is used again
 * by another machine can never be mistaken for this one. Pure.
 */
export function sshArguments(
  machine: SshTarget,
  knownHostsFile: string,
  identity: string | undefined,
  command: string[],
): string[] {
  const settings = [
    "StrictHostKeyChecking=yes",
    `UserKnownHostsFile=${quoted(knownHostsFile)}`,
    "GlobalKnownHostsFile=/dev/null",
    `HostKeyAlias=${machine.name}`,
    `HostKeyAlgorithms=${machine.hostKey.type}`,
    "CheckHostIP=no",
    "UpdateHostKeys=no",
    "VerifyHostKeyDNS=no",
    "PasswordAuthentication=no",
    "KbdInteractiveAuthentication=no",
    "ConnectTimeout=10",
    "ServerAliveInterval=15",
  ];
  return [
    "-F",
    "none",
    ...settings.flatMap((setting) => ["-o", setting]),
    ...(identity === undefined ? [] : ["-o", "IdentitiesOnly=yes", "-i", identity]),
    "-p",
    String(machine.port),
    "-l",
    machine.user,
    "--",
    machine.host,
    ...command,
  ];
}

/** The known_hosts file's whole content: the pinned key under the machine's name. */
export function knownHosts({ name, hostKey }: SshTarget): string {
  return `${name} ${hostKey.type} ${hostKey.key}\n`;
}

/** ssh splits a file setting at spaces unless it stands in quotes. */
function quoted(path: string): string {
  return `"${path}"`;
}
