import * as z from "zod";

/**
 * Accounts that a Linux system already has. A tester named like one of them would be given somebody
 * else's account instead of their own (Debian base-passwd, systemd and the packages a machine image carries). A
 * name that only a group has is free: the tester is no member of that group (src/relay/setup/account.ts).
 */
const SYSTEM_ACCOUNTS = new Set(
  (
    "root daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc gnats nobody _apt " +
    "messagebus sshd postgres syslog ntp polkitd uuidd tcpdump landscape dnsmasq systemd-network systemd-resolve " +
    "systemd-timesync systemd-coredump systemd-oom"
  ).split(" "),
);

/** Whether a Linux system has an account of that name, so that no tester can have it. */
export function isSystemAccount(name: string): boolean {
  return SYSTEM_ACCOUNTS.has(name);
}

/** A Linux account name as `useradd` accepts it, 1 to 32 characters, and no system account's name. */
export const username = z
  .string()
  .regex(
    /^[a-z_][a-z0-9_-]{0,31}$/,
    "must be a Linux username: a lower-case letter or _ first, then lower-case letters, digits, _ or -; at most 32 characters",
  )
  .refine((name) => !isSystemAccount(name), "is the name of a system account; choose another");

/** A moment as an ISO string, as everything that comes back has it. */
export const moment = z.string().meta({ format: "date-time" });

/** A pool's name: part of machine names, so it has to fit into a host name. */
export const poolName = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,29}$/,
    "must be a lower-case letter, then lower-case letters, digits or -; at most 30 characters",
  );

/** A node's name, as the operator calls the host. */
export const nodeName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{0,62}$/, "must be lower-case letters, digits, . or -; at most 63 characters");

/** What an operator says of a node: `ssd`, `rack-2`. */
export const nodeLabel = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{0,62}$/, "must be lower-case letters, digits, . or -; at most 63 characters");

/** A recipe's name. */
export const recipeName = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,62}$/,
    "must be a lower-case letter, then lower-case letters, digits or -; at most 63 characters",
  );

/** The name of a recipe parameter or output, usable as a shell variable. */
export const paramName = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_]{0,63}$/,
    "must be letters, digits or _, not starting with a digit; at most 64 characters",
  );
