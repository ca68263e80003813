import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "vitest";
import { INSTALLER, installHero, sum } from "./helpers/hero.ts";
import { freePort, testNode, testAtNight, testOnSystem as test } from "./helpers/node.ts";

/** The recipe on a machine that runs, with an installer that this test serves on loopback. */
type Web = AsyncDisposable & { url: string; asked: IncomingMessage[] };

async function serve(text: string, token?: string): Promise<Web> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) response.writeHead(401);
    response.end(text);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/install.sh?signature=of-somebody`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

test("prepares the tester's account, and runs the installer in it for the channel that was asked for", async () => {
  await using node = await testNode();
  await using web = await serve(INSTALLER);
  const machine = await node.machine();
  const checksum = `sha256:${sum(INSTALLER).toUpperCase()}`;
  const { result, log } = await installHero(node, machine, {
    channel: "development",
    installerUrl: web.url,
    checksum,
  });
  expect(result, log).toMatchObject({ outcome: "set_up", outputs: { channel: "development" } });
  const home = await node.read(machine, "getent passwd alice | cut -d: -f6");
  expect(await node.read(machine, `cat ${home}/hero/var/installed-by ${home}/hero/var/asked-for`)).toBe(
    `alice\ndevelopment development ${home}`,
  );
  expect(await node.read(machine, `stat -c %U ${home}/hero/bin ${home}/hero/cfg/hero.env`)).toBe(
    "alice\nalice",
  );
  expect(await node.read(machine, `cat ${home}/hero/cfg/hero.env`)).toContain(
    `HERO_HTTP_PORT=${machine.httpPort}`,
  );

  // Asked again for the other channel: the installer is there, and is not fetched a second time.
  const again = await installHero(node, machine, { installerUrl: web.url, checksum }, {}, 2);
  expect(again.result, again.log).toMatchObject({ outcome: "set_up", outputs: { channel: "main" } });
  expect(web.asked).toHaveLength(1);
});

testAtNight("an installer with another checksum is not run, and both sums are named", async () => {
  await using node = await testNode();
  await using web = await serve(INSTALLER);
  const machine = await node.machine();
  const { result } = await installHero(node, machine, {
    installerUrl: web.url,
    checksum: sum("another one"),
  });
  expect(result).toMatchObject({ outcome: "setup_failed", reason: "step_failed", step: "fetch" });
  const message = result.outcome === "setup_failed" ? result.message : "";
  expect(message).toContain(`Its SHA-256 is ${sum(INSTALLER)} and not ${sum("another one")}`);
  expect(message).not.toContain("of-somebody");
  expect(await node.read(machine, "ls /var/lib/warmpool/hero")).toBe("");
});

testAtNight("a machine that cannot reach the installer says so, and what to do", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const nobody = `http://127.0.0.1:${await freePort()}/install.sh`;
  const { result } = await installHero(node, machine, { installerUrl: nobody, checksum: sum(INSTALLER) });
  expect(result).toMatchObject({ outcome: "setup_failed", step: "fetch" });
  expect(result.outcome === "setup_failed" && result.message).toMatch(
    /This machine cannot reach http:\/\/127\.0\.0\.1:\d+\/install\.sh: curl: \(7\)[^]*Give the machines of this pool a network/,
  );
});

testAtNight("the token opens the installer's address, and is nowhere else", async () => {
  await using node = await testNode();
  const token = 'a"token\\of-the-tester';
  await using web = await serve(INSTALLER, token);
  const machine = await node.machine();
  const asked = { installerUrl: web.url, checksum: sum(INSTALLER) };
  const refused = await installHero(node, machine, asked);
  expect(refused.result).toMatchObject({ outcome: "setup_failed", step: "fetch" });
  expect(refused.result.outcome === "setup_failed" && refused.result.message).toContain("installerToken");

  const { result, log } = await installHero(node, machine, asked, { installerToken: token }, 2);
  expect(result, log).toMatchObject({ outcome: "set_up" });
  expect(log).not.toContain(token);
  const found = await node.exec(machine, "grep -rlF of-the-tester /var/lib/warmpool /home /tmp /etc");
  expect(found.stdout.toString()).toBe("");
});

testAtNight(
  "services without their program, or without systemd, fail the set-up and name what is missing",
  async () => {
    await using node = await testNode();
    await using web = await serve(INSTALLER);
    const machine = await node.machine();
    const asked = { installerUrl: web.url, checksum: sum(INSTALLER) };
    const { result } = await installHero(node, machine, { ...asked, services: "hero_os" });
    expect(result).toMatchObject({ outcome: "setup_failed", step: "start" });
    expect(result.outcome === "setup_failed" && result.message).toContain("left no program");
    const without = await installHero(node, machine, { ...asked, services: "hero_proc" }, {}, 2);
    expect(without.result.outcome === "setup_failed" && without.result.message).toContain("no systemd");
  },
);
