import { own } from "../../contract/own.ts";

/**
 * Why talking SSH to a machine went wrong. The kind decides what follows: `local` means that this relay could not ask
 * and says nothing about the machine; `violation` that its SSH server misbehaves; `host_key_changed` means that somebody else may be answering; after `closed` or
 * `timed_out` during an exec its outcome is unknown, not failed.
 */
export type SshErrorKind =
  | "refused"
  | "unreachable"
  | "timed_out"
  | "auth_failed"
  | "host_key_changed"
  | "closed"
  | "violation"
  | "local";

export class SshError extends Error {
  readonly kind: SshErrorKind;
  /** Where the host key changed: the fingerprint of the one that was presented, `none` where it is of another type. */
  readonly presented: string | undefined;
  constructor(kind: SshErrorKind, message: string, options?: ErrorOptions & { presented?: string }) {
    super(message, options);
    this.name = "SshError";
    this.kind = kind;
    this.presented = options?.presented;
  }
}

const KINDS: Record<string, SshErrorKind> = {
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "unreachable",
  ENOTFOUND: "unreachable",
  ETIMEDOUT: "timed_out",
  ECONNRESET: "closed",
  EPIPE: "closed",
  EMFILE: "local",
  ENFILE: "local",
  ENOBUFS: "local",
  ENOMEM: "local",
  EAGAIN: "local",
  EAI_AGAIN: "local",
  EAI_MEMORY: "local",
  EAI_SYSTEM: "local",
  EADDRNOTAVAIL: "local",
  ENETUNREACH: "local",
  ENETDOWN: "local",
  EPERM: "local",
  EACCES: "local",
};

const WORDS: Record<SshErrorKind, string> = {
  refused: "connection refused",
  unreachable: "no route to host",
  timed_out: "no answer in time",
  auth_failed: "the machine does not accept the relay's key",
  host_key_changed: "host key changed",
  closed: "the connection was closed",
  violation: "its SSH server violates the protocol",
  local: "this relay could not connect",
};

/** What ssh2 emits as `error`, as one of ours. `where` is host:port. */
export function toSshError(where: string, error: Error & { code?: unknown; level?: unknown }): SshError {
  const kind = kindOf(error);
  if (kind === "host_key_changed") return hostKeyChanged(where, null, "no longer has an ed25519 key", error);
  const detail = typeof error.code === "string" ? error.code : error.message;
  return new SshError(kind, `SSH to ${where}: ${WORDS[kind]} (${detail})`, { cause: error });
}

/** The machine's SSH server did what no server does; the connection is closed. */
export function violation(where: string, what: string, cause?: Error): SshError {
  return new SshError(
    "violation",
    `SSH to ${where}: the machine's SSH server ${what}; the connection was closed`,
    {
      cause,
    },
  );
}

/** Nothing was heard in time, but this relay was not able to ask or to listen. */
export function couldNotAsk(said: string, why: string): SshError {
  return new SshError("local", `${said}, but ${why}`);
}

/** The edge decides by `presented`, null where there was no key of the pinned type, whether that is an attack. */
export function hostKeyChanged(
  where: string,
  presented: string | null,
  what: string,
  cause: Error,
): SshError {
  return new SshError("host_key_changed", `host key changed: the machine at ${where} ${what}`, {
    cause,
    presented: presented ?? "none",
  });
}

function kindOf(error: Error & { code?: unknown; level?: unknown }): SshErrorKind {
  const known = typeof error.code === "string" ? own(KINDS, error.code) : undefined;
  if (known !== undefined) return known;
  if (error.level === "client-authentication") return "auth_failed";
  if (error.level === "client-timeout") return "timed_out";
  // A server without an ed25519 key cannot be the machine we pinned.
  if (error.message.includes("no matching host key")) return "host_key_changed";
  return "closed";
}
