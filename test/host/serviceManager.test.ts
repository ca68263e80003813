import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { beatMs, inheritedSocket, serviceManager } from "../../src/host/serviceManager.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const SOCKET = { NOTIFY_SOCKET: "/run/systemd/notify" };

function sent(env: NodeJS.ProcessEnv): { messages: string[]; manager: ReturnType<typeof serviceManager> } {
  const messages: string[] = [];
  return { messages, manager: serviceManager(env, (message) => messages.push(message)) };
}

test("service manager: no socket in the environment → nothing is sent", () => {
  const { messages, manager } = sent({ WATCHDOG_USEC: "1000000" });
  manager.ready();
  manager.stopping();
  vi.advanceTimersByTime(10_000);
  expect(messages).toEqual([]);
});

test("service manager: a unit with a watchdog → three beats in its time, from when the service is up", () => {
  const { messages, manager } = sent({ ...SOCKET, WATCHDOG_USEC: "60000000" });
  vi.advanceTimersByTime(60_000);
  expect(messages).toEqual([]);
  manager.ready();
  vi.advanceTimersByTime(60_000);
  manager.stopping();
  expect(messages).toEqual(["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]);
});

test("service manager: a unit without a watchdog → it hears that the service is up and nothing else", () => {
  const { messages, manager } = sent(SOCKET);
  manager.ready();
  vi.advanceTimersByTime(600_000);
  expect(messages).toEqual(["READY=1"]);
});

test.each([
  [{ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "7" }, 10_000],
  [{ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "8" }, null],
  [{ WATCHDOG_USEC: "soon" }, null],
  [{ WATCHDOG_USEC: "0" }, null],
  [{}, null],
])("watchdog of process 7: %o → a beat every %s ms", (env, ms) => {
  expect(beatMs(env, 7)).toBe(ms);
});

test.each([
  [{ LISTEN_PID: "7", LISTEN_FDS: "1" }, 3],
  // Inherited from a parent for which it was meant.
  [{ LISTEN_PID: "8", LISTEN_FDS: "1" }, null],
  [{ LISTEN_PID: "7", LISTEN_FDS: "0" }, null],
  [{ LISTEN_PID: "7" }, null],
  [{}, null],
])("socket for process 7: %o → file %s", (env, fd) => {
  expect(inheritedSocket(env, 7)).toBe(fd);
});
