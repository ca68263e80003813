import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { until } from "./until.ts";

/**
 * What systemd does for a service with a socket, without systemd: it opens the socket, starts the program with it, and
 * starts it again whenever it has ended. Perl, because Node cannot pass on a socket on which it does not accept itself.
 */
const MANAGER = `
use POSIX (); use Socket;
$| = 1; $^F = 255;
socket(my $listening, PF_INET, SOCK_STREAM, 0) or die $!;
setsockopt($listening, SOL_SOCKET, SO_REUSEADDR, 1) or die $!;
bind($listening, sockaddr_in(0, INADDR_LOOPBACK)) or die $!;
listen($listening, 511) or die $!;
my ($port) = sockaddr_in(getsockname($listening));
print "port $port\\n";
my $pid;
$SIG{TERM} = sub { kill("KILL", $pid) if $pid; exit 0 };
while (1) {
  $pid = fork();
  if ($pid == 0) {
    POSIX::dup2(fileno($listening), 3) if fileno($listening) != 3;
    $ENV{LISTEN_PID} = $$; $ENV{LISTEN_FDS} = 1;
    exec(@ARGV) or die $!;
  }
  print "started $pid\\n";
  waitpid($pid, 0);
  print "ended $pid $?\\n";
}
`;

export type Activated = AsyncDisposable & {
  url: string;
  /** Sends the running process SIGTERM. @returns its wait status, 0 if all was well, when it has ended */
  restart(): Promise<number>;
};

/** Starts the program under such a manager, on a free port of loopback. */
export async function activated(command: string[], env: Record<string, string>): Promise<Activated> {
  const manager = spawn("perl", ["-e", MANAGER, ...command], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(manager, "exit");
  const said: string[][] = [];
  createInterface(manager.stdout).on("line", (line) => said.push(line.split(" ")));
  const find = (word: string, first?: string) =>
    said.findLast(([one, two]) => one === word && (first === undefined || two === first));
  const stop = async () => {
    manager.kill("SIGTERM");
    await ended;
  };
  try {
    const [, port] = await until("the manager to listen", () => find("port"));
    await until("the program to be started", () => find("started"));
    return {
      url: `http://127.0.0.1:${port}`,
      restart: async () => {
        const pid = find("started")?.[1] ?? "";
        process.kill(Number(pid), "SIGTERM");
        const [, , status] = await until(`process ${pid} to end`, () => find("ended", pid));
        return Number(status);
      },
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
