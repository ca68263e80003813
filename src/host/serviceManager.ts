import { spawn } from "node:child_process";

/**
 * What systemd gives to a service and wants to hear from it, by the environment; without systemd nothing of this happens.
 *
 * Messages go to a Unix datagram socket. Node has none without a native module, so systemd's own program `systemd-notify`
 * sends them: it returns when systemd has read the message, and the units allow it (NotifyAccess=all). That is a process of
 * some milliseconds for each beat of the watchdog, and no dependency.
 */
export type ServiceManager = {
  /** The service is up. From now on it proves that its event loop turns, if the unit has a watchdog. */
  ready(): void;
  /** It is about to end by itself. */
  stopping(): void;
};

/** Where systemd's first socket is: behind standard input, output and error. */
const FIRST_SOCKET = 3;
/** Beats for each time in which systemd waits for one: one may be lost, and one be late. */
const BEATS = 3;
const PROGRAM = "systemd-notify";

/** @param send hands a message over; it must not throw */
export function serviceManager(
  env: NodeJS.ProcessEnv,
  send: (message: string) => void = notify,
): ServiceManager {
  if ((env["NOTIFY_SOCKET"] ?? "") === "") return { ready: () => undefined, stopping: () => undefined };
  return {
    ready: () => {
      send("READY=1");
      const everyMs = beatMs(env);
      // A beat does not keep the process alive.
      if (everyMs !== null) setInterval(() => send("WATCHDOG=1"), everyMs).unref();
    },
    stopping: () => send("STOPPING=1"),
  };
}

/** How often the watchdog wants to hear from this process; null if it does not. */
export function beatMs(env: NodeJS.ProcessEnv, pid: number = process.pid): number | null {
  const microseconds = Number(env["WATCHDOG_USEC"]);
  const forPid = env["WATCHDOG_PID"] ?? "";
  if (!Number.isSafeInteger(microseconds) || microseconds <= 0) return null;
  if (forPid !== "" && forPid !== String(pid)) return null;
  return Math.max(1, Math.floor(microseconds / 1000 / BEATS));
}

/**
 * The listening socket that systemd has opened for this process; null if there is none. It outlives the process:
 * connections that arrive during a restart wait for the next one.
 */
export function inheritedSocket(env: NodeJS.ProcessEnv, pid: number = process.pid): number | null {
  const isForThis = env["LISTEN_PID"] === String(pid) && Number(env["LISTEN_FDS"]) >= 1;
  return isForThis ? FIRST_SOCKET : null;
}

function notify(message: string): void {
  const child = spawn(PROGRAM, [message], { stdio: "ignore" });
  child.on("error", (error) => console.error(`${PROGRAM} ${message}: ${error.message}`));
  child.unref();
}
