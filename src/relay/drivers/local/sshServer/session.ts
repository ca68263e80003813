import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";
import type { PseudoTtyInfo, ServerChannel, Session } from "ssh2";
import type { Account, Accounts } from "./accounts.ts";
import { inTerminal, quote, resize } from "./terminal.ts";

/**
 * One session channel: one command or login shell, run as the account. As with sshd, every command has a session of
 * its own, the channel stays open until the command has ended and its output is closed, and a dropped connection
 * closes the command's pipes and no more; only what has a terminal is hung up.
 */
export type Running = { child: ChildProcessWithoutNullStreams; terminal: boolean };

export function serveSession(
  session: Session,
  account: Account,
  accounts: Accounts,
  log: (text: string) => void,
): void {
  let pty: PseudoTtyInfo | undefined;
  let running: Running | undefined;

  session.on("pty", (accept, _reject, info) => {
    pty = info;
    accept?.();
  });
  session.on("window-change", (accept, _reject, info) => {
    if (running?.terminal === true && running.child.pid !== undefined) resize(running.child.pid, info, log);
    else if (pty !== undefined) pty = { ...pty, rows: info.rows, cols: info.cols };
    accept?.();
  });
  session.on("signal", (accept, _reject, info) => {
    if (running !== undefined) sendSignal(running.child, info.name);
    accept?.();
  });
  session.on("exec", (accept, reject, info) => {
    if (running !== undefined) return reject();
    running = run(accept(), account, accounts, pty, info.command, log);
  });
  session.on("shell", (accept, reject) => {
    if (running !== undefined) return reject();
    running = run(accept(), account, accounts, pty, null, log);
  });
}

function run(
  channel: ServerChannel,
  account: Account,
  accounts: Accounts,
  pty: PseudoTtyInfo | undefined,
  command: string | null,
  log: (text: string) => void,
): Running {
  const plain = command === null ? [account.shell, "-l"] : [account.shell, "-c", command];
  const argv = pty === undefined ? plain : inTerminal(`exec ${plain.map(quote).join(" ")}`, pty);
  const [file = "", ...args] = [...accounts.become(account), ...argv];
  const term = terminalType(pty);
  const child = spawn(file, args, {
    cwd: existsSync(account.home) ? account.home : "/",
    detached: true,
    env: { ...accounts.environment(account), ...(term === null ? {} : { TERM: term }) },
    stdio: "pipe",
  });
  connect(channel, { child, terminal: pty !== undefined }, log);
  return { child, terminal: pty !== undefined };
}

function connect(channel: ServerChannel, { child, terminal }: Running, log: (text: string) => void): void {
  // Either end may go at any time; what is written to it then is lost, and that is all.
  for (const stream of [child.stdin, child.stdout, child.stderr, channel, channel.stderr]) {
    stream.on("error", () => {});
  }
  channel.pipe(child.stdin);
  const sent = inTurns(channel, [
    [child.stdout, channel],
    [child.stderr, channel.stderr],
  ]);

  child.on("error", (error) => {
    log(`could not start a command: ${error.message}`);
    channel.stderr.end("The command could not be started; see the machine's console for the cause.\n");
    channel.exit(127);
    channel.end();
  });
  child.on("exit", (code, signal) => {
    if (signal === null) channel.exit(code ?? 255);
    else channel.exit(signal.replace(/^SIG/, ""), false, "");
  });
  child.on("close", () => {
    // The last of the output may still wait for the client to make room.
    void sent().then(() => channel.stderr.end(() => channel.end()));
  });
  channel.on("close", () => {
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
    if (terminal) sendSignal(child, "TERM");
  });
}

/** What ssh2's channel keeps of a write that has waited for room, by its own private names. */
const WAITED = { _chunk: undefined, _chunkcb: undefined, _chunkErr: undefined, _chunkcbErr: undefined };

/**
 * Passes on what comes from each stream, one chunk at a time over all of them. Where two writers wait for the client to
 * make room, ssh2 wakes one of them only, and the other may wait without end. And it does not forget a chunk that has
 * waited: the next time that the other writer has to wait, that one is sent once more (CHANNEL_WINDOW_ADJUST in its
 * lib/server.js).
 * @returns gives a promise that everything that has come so far was passed on
 */
function inTurns(
  channel: ServerChannel,
  ways: readonly (readonly [Readable, Writable])[],
): () => Promise<void> {
  let last = Promise.resolve();
  for (const [from, to] of ways) {
    from.on("data", (chunk: Buffer) => {
      from.pause();
      // An error is the end of the connection: nothing is left to be passed on.
      last = last
        .then(() => new Promise<void>((passed) => to.write(chunk, () => passed())))
        .then(() => void Object.assign(channel, WAITED));
      void last.then(() => from.resume());
    });
  }
  return () => last;
}

/** To the command and all it has started in its session's first group. */
function sendSignal(child: ChildProcessWithoutNullStreams, name: string): void {
  const number = constants.signals[`SIG${name}` as NodeJS.Signals];
  if (number === undefined || child.pid === undefined) return;
  if (child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, number);
  } catch {
    // It has ended meanwhile.
  }
}

function terminalType(pty: PseudoTtyInfo | undefined): string | null {
  if (pty === undefined) return null;
  // ssh2 gives the terminal's type as `term`, which the client chose.
  return /^[A-Za-z0-9._+-]{1,64}$/.test(pty.term) ? pty.term : "dumb";
}
