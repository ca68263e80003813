import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { Socket } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { IncusError } from "../../../../src/relay/drivers/incus/client.ts";
import { incusDriver } from "../../../../src/relay/drivers/incus/driver.ts";
import { asDriverError, saysChanged, saysTaken } from "../../../../src/relay/drivers/incus/failures.ts";
import { whyNotReady } from "../../../../src/relay/drivers/incus/readiness.ts";
import { INSTALLED } from "../../../../src/relay/drivers/incus/place.ts";
import { deadline } from "../../../helpers/patience.ts";

const soon = () => deadline(15);
const code = (status: number, said: string) => asDriverError(new IncusError(status, said), "Creating demo-7");

describe("what Incus 6.0.4 said", () => {
  test.each([
    [`Reached maximum number of instances in project "warmpool"`],
    [
      `Failed checking if instance creation allowed: Reached maximum aggregate value "1GiB" for "limits.disk" in project "warmpool"`,
    ],
    [
      `Failed creating instance from image: Unpack failed: Failed to run: unsquashfs -f -d /x -n /y: exit status 1 (Write on output file failed because No space left on device)`,
    ],
    [
      `Failed checking if instance creation allowed: Invalid device "ssh" on container "demo-7" of project "warmpool": Proxy devices are forbidden`,
    ],
    [
      `Failed checking if instance creation allowed: Instance "demo-7" in project "warmpool" has no "limits.processes" config, either directly or via a profile`,
    ],
    [`Image server "" isn't allowed in this project`],
  ])("B4 is no capacity, and not asked for again before something changes: %s", (said) => {
    expect(code(500, said)).toMatchObject({ code: "no_capacity", message: `Creating demo-7: ${said}` });
  });

  test.each([
    ["Image not provided for instance creation", "scripts/build-image.sh"],
    ["Storage pool not found", "scripts/install-incus.sh"],
    [`Requested profile "warmpool" doesn't exist`, "scripts/install-incus.sh"],
    [
      "Error occurred when starting proxy device: Error: Failed to listen on 127.0.0.1:12399: listen tcp 127.0.0.1:12399: bind: address already in use",
      "Another program",
    ],
    [
      "Error occurred when starting proxy device: Error: No such file or directory - Failed to safely open namespace file descriptor based on pidfd -1",
      "its console",
    ],
  ])("is a failure that says what to do: %s", (said, advice) => {
    expect(code(500, said)).toMatchObject({ code: "failed", message: expect.stringContaining(advice) });
  });

  test("a name that is taken is told from a disk that is full, and both from a change under way", () => {
    const taken = new IncusError(
      500,
      `Failed creating instance record: Add instance info to the database: Failed to create "instances" entry: UNIQUE constraint failed: instances.project_id, instances.name`,
    );
    const full = new IncusError(500, "No space left on device");
    const changed = [
      new IncusError(
        500,
        "Failed to create instance delete operation: A matching non-reusable operation has now succeeded",
      ),
      new IncusError(500, "The instance is already running"),
      new IncusError(400, "The instance is already stopped"),
      new IncusError(400, "Instance is running"),
      new IncusError(404, "Instance not found"),
    ];
    expect([taken, full, ...changed].map(saysTaken)).toEqual([true, false, ...changed.map(() => false)]);
    expect([taken, full, ...changed].map(saysChanged)).toEqual([false, false, ...changed.map(() => true)]);
  });
});

describe("an Incus that gives no answer", () => {
  const options = { ...INSTALLED, installation: "i", node: "n1" };

  test("is never taken for one without machines, and the error says what to do", async () => {
    const driver = incusDriver({ ...options, socket: "/nowhere/unix.socket" });
    const asked = [
      driver.get("demo-7", soon()),
      driver.list(soon()),
      driver.delete("demo-7", soon()),
      driver.stop("demo-7", soon()),
      driver.capacity(soon()),
    ];
    for (const call of asked) {
      await expect(call).rejects.toMatchObject({ code: "retry", message: expect.stringContaining("ENOENT") });
    }
    const why = await whyNotReady({ ...INSTALLED, socket: "/nowhere/unix.socket" }, soon());
    expect(why).toEqual({
      what: "Incus is not running: there is no /nowhere/unix.socket",
      advice: expect.stringContaining("scripts/install-incus.sh") as string,
    });
  });

  test("neither is one that hangs up, or talks of something else", async () => {
    await using silent = await listen((socket) => socket.end());
    await using other = await listen((socket) => {
      socket.end("HTTP/1.1 200 OK\r\ncontent-length: 21\r\n\r\n<h1>not Incus at all<");
    });
    for (const [socket, expected] of [
      [silent.path, "retry"],
      [other.path, "failed"],
    ] as const) {
      const driver = incusDriver({ ...options, socket });
      await expect(driver.list(soon())).rejects.toMatchObject({ code: expected });
      await expect(driver.get("demo-7", soon())).rejects.toMatchObject({ code: expected });
    }
  });

  test("one that hangs is waited for until the caller's signal, whose reason comes back", async () => {
    await using hanging = await listen(() => {});
    const driver = incusDriver({ ...options, socket: hanging.path });
    const late = AbortSignal.timeout(200);
    await expect(driver.list(late)).rejects.toMatchObject({ name: "TimeoutError" });
  });
});

/** A program that is not Incus, on a socket of its own. */
async function listen(onConnection: (socket: Socket) => void): Promise<AsyncDisposable & { path: string }> {
  const folder = mkdtempSync(join(tmpdir(), "warmpool-socket-"));
  const path = join(folder, "unix.socket");
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => {}).resume();
    onConnection(socket);
  });
  server.listen(path);
  await once(server, "listening");
  return {
    path,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((closed) => server.close(closed));
      rmSync(folder, { recursive: true });
    },
  };
}
