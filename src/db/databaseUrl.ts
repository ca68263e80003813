/** The parts of a postgres:// URL, decoded. */
export type DatabaseTarget = {
  /** A name or an address; an IPv6 address without brackets. */
  host: string;
  port: number;
  /** Empty if the URL leaves it to the driver, which takes the account's name, or for the database the user's. */
  user: string;
  password: string;
  database: string;
  ssl: "require" | "allow" | "prefer" | "verify-full" | false;
  /** Settings that the URL asks for in each session, such as `application_name`. */
  parameters: Record<string, string>;
};

/** Parameters of other clients that are not for the server, which would refuse them. */
const OF_OTHER_CLIENTS = new Set([
  ...[
    "channel_binding",
    "connect_timeout",
    "connection_limit",
    "gssencmode",
    "keepalives",
    "keepalives_count",
  ],
  ...["keepalives_idle", "keepalives_interval", "load_balance_hosts", "max", "max_lifetime", "idle_timeout"],
  ...["pgbouncer", "pool_timeout", "prepare", "target_session_attrs"],
]);

const FORM = "postgres://USER:PASSWORD@HOST:5432/DATABASE";
const ENCODE =
  "write # % / ? @ : [ ] and spaces in its user, password and database percent-encoded: # is %23, % is %25, / is %2F, @ is %40";

/**
 * Reads the URL of a database. A problem never quotes the URL: which part of a malformed one is the password cannot
 * be known. So anything that a URL parser would misinterpret is refused here.
 */
export function readDatabaseUrl(text: string): DatabaseTarget | { problem: string } {
  const trimmed = text.trim();
  if (!/^postgres(?:ql)?:\/\//i.test(trimmed)) return { problem: `it has to look like ${FORM}` };
  // A URL parser silently drops line breaks and tabs, which changes the password.
  if (/\p{Cc}/u.test(trimmed)) return { problem: "it has a line break or another control character in it" };
  const authority = trimmed.slice(trimmed.indexOf("//") + 2).split(/[/?#]/, 1)[0] ?? "";
  if (authority.slice(authority.lastIndexOf("@") + 1).includes(","))
    return { problem: "it names several hosts; name one" };
  const url = URL.parse(trimmed);
  if (url === null || url.hash !== "" || /[@/]/.test(url.pathname.slice(1)) || /[@/]/.test(url.host)) {
    return { problem: `it is malformed: ${ENCODE}` };
  }
  const [user, password, database, host] = [
    ...[url.username, url.password, url.pathname.slice(1)],
    url.hostname.replace(/^\[(.*)\]$/, "$1"),
  ].map(decoded);
  if (user === undefined || password === undefined || database === undefined || host === undefined) {
    return { problem: `a % in it begins no percent-encoded character: ${ENCODE}` };
  }
  if ([user, password, database, host].some((part) => part.includes("\0"))) {
    return { problem: "it has a NUL (%00) in it, which Postgres cannot take" };
  }
  if (host === "") return { problem: `it names no host; it has to look like ${FORM}` };
  const session = readParameters(url.searchParams);
  if ("problem" in session) return session;
  const port = url.port === "" ? 5432 : Number(url.port);
  return { host, port, user, password, database, ...session };
}

/** @returns undefined if it is not what percent-encoding makes */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

function readParameters(
  query: URLSearchParams,
): Pick<DatabaseTarget, "ssl" | "parameters"> | { problem: string } {
  const parameters = new Map<string, string>();
  let ssl: DatabaseTarget["ssl"] = false;
  for (const [name, value] of query) {
    if (name === "sslmode" || name === "ssl") {
      const mode = SSL_MODES.get(value);
      if (mode === undefined)
        return { problem: `its ${name} must be one of ${[...SSL_MODES.keys()].join(", ")}` };
      ssl = mode;
    } else if (name === "sslrootcert" && value === "system") {
      ssl = "verify-full";
    } else if (name.startsWith("ssl")) {
      return { problem: "of the TLS parameters only sslmode and sslrootcert=system are known here" };
    } else if (!/^[a-z_][a-z0-9_.]*$/i.test(name)) {
      // Probably the rest of a password.
      return { problem: `a parameter after its ? has a name that is none of Postgres's: ${ENCODE}` };
    } else if (!OF_OTHER_CLIENTS.has(name)) {
      parameters.set(name, value);
    }
  }
  return { ssl, parameters: Object.fromEntries(parameters) };
}

/** In the order of how much they ask for. Node's own roots check a certificate, and then the host's name with it. */
const SSL_MODES = new Map<string, DatabaseTarget["ssl"]>([
  ["disable", false],
  ["false", false],
  ["allow", "allow"],
  ["prefer", "prefer"],
  ["require", "require"],
  ["true", "verify-full"],
  ["verify-ca", "verify-full"],
  ["verify-full", "verify-full"],
]);
