import { closeSync, readFileSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import ssh2 from "ssh2";
import type { AuthContext, Connection } from "ssh2";
import { folderAccounts, systemAccounts } from "./accounts.ts";
import type { Account, Accounts } from "./accounts.ts";
import { refusal } from "./authorizedKeys.ts";
import { makeOwnFiles } from "./ownFiles.ts";
import { serveSession } from "./session.ts";

/**
 * The SSH server of one local machine, bundled into one file and run inside it. It has one host key, the one it was
 * given, and one way in: a public key that the account itself has authorised. No passwords, forwarding or subsystems.
 */

/** As sshd's LoginGraceTime, in milliseconds: a connection that nobody logs in on is closed. */
const LOGIN_WITHIN_MS = 30_000;
/** The starter waits on this descriptor to hear that the server listens. */
const STARTER = 3;
/** Sessions begin with it, as those of sshd do, whatever the relay was started with. */
process.umask(0o022);

function log(text: string): void {
  console.log(`${new Date().toISOString()} ${text}`);
}

function setting(name: string): string {
  const value = new Map(Object.entries(process.env)).get(name);
  if (value === undefined || value === "")
    throw new Error(`${name} is not set: only the driver starts this server`);
  return value;
}

const isFolder = process.env["WARMPOOL_UNPRIVILEGED"] === "1";

function accountsOfThisMachine(): Accounts {
  if (!isFolder) return systemAccounts;
  const own = new Set(["WARMPOOL_HOST_KEY_FILE", "WARMPOOL_FOLDER"]);
  const inherited = Object.keys(process.env).filter((name) => name.startsWith("WARMPOOL_") && !own.has(name));
  const marks = Object.fromEntries(inherited.map((name) => [name, setting(name)]));
  return folderAccounts(setting("WARMPOOL_FOLDER"), { ...marks, WARMPOOL_PART: "child" });
}

function authenticate(attempt: AuthContext, accounts: Accounts): Account | null {
  if (attempt.method !== "publickey") {
    attempt.reject(["publickey"]);
    return null;
  }
  const account = accounts.find(attempt.username);
  const why = account === null ? "no such account" : refusal(account, attempt);
  if (why !== null || account === null) {
    log(`refused ${JSON.stringify(attempt.username.slice(0, 64))}: ${why}`);
    attempt.reject(["publickey"]);
    return null;
  }
  attempt.accept();
  return account;
}

function serve(connection: Connection, accounts: Accounts): void {
  let account: Account | null = null;
  const grace = setTimeout(() => connection.end(), LOGIN_WITHIN_MS);
  connection.on("authentication", (attempt) => {
    account = authenticate(attempt, accounts);
  });
  connection.on("ready", () => clearTimeout(grace));
  connection.on("session", (accept, reject) => {
    if (account === null) reject();
    else serveSession(accept(), account, accounts, log);
  });
  connection.on("error", (error) => log(`a connection broke: ${error.message}`));
  connection.on("close", () => clearTimeout(grace));
}

if (!isFolder) makeOwnFiles(setting("WARMPOOL_MACHINE"));
const accounts = accountsOfThisMachine();
const ssh = new ssh2.Server({ hostKeys: [readFileSync(setting("WARMPOOL_HOST_KEY_FILE"))] }, (connection) =>
  serve(connection, accounts),
);
// SSH sends many small packets: held back to be sent together, each would cost 40 ms.
const server = createServer({ noDelay: true }, (socket) => ssh.injectSocket(socket));
const port = Number(setting("WARMPOOL_SSH_PORT"));
server.on("error", (error) => {
  log(`cannot listen on 127.0.0.1:${port}: ${error.message}`);
  process.exit(1);
});
server.listen(port, "127.0.0.1", () => {
  // From here on no connection may end the others: ssh2 can throw inside a socket's handler on input it does not expect.
  process.on("uncaughtException", (error) => log(`unexpected: ${error.stack ?? error.message}`));
  log(`listening on 127.0.0.1:${port}`);
  try {
    writeSync(STARTER, "listening\n");
    closeSync(STARTER);
  } catch {
    // The starter has gone: the machine lives on without it.
  }
});
