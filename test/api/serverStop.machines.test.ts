import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../helpers/until.ts";
import { ADMIN_TOKEN } from "./edges.ts";
import { ownProgram } from "../helpers/ownProgram.ts";

test("the Node entry stops in seconds although its sweep waits for a database that says nothing", async () => {
  const silent = createServer((socket) => socket.on("error", () => undefined));
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const dialled = once(silent, "connection");
  const server = spawn(process.execPath, ownProgram("src/server.ts"), {
    env: {
      ...process.env,
      DATABASE_URL: `postgres://nobody:nothing@127.0.0.1:${(silent.address() as AddressInfo).port}/none`,
      PORT: "0",
      WARMPOOL_ADMIN_TOKEN: ADMIN_TOKEN,
      WARMPOOL_SWEEP_SECONDS: "60",
    },
    stdio: "ignore",
  });
  onTestFinished(() => {
    server.kill("SIGKILL");
    silent.close();
  });
  await dialled;
  server.kill("SIGTERM");
  // Each of a sweep's statements waits five seconds for a connection, and there are more than twenty.
  await until("the server to have ended", () => server.exitCode !== null, { seconds: 20 });
  expect(server.exitCode).toBe(0);
});
