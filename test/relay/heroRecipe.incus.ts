import { expect, test } from "vitest";
import { quote } from "../../src/relay/ssh/shell.ts";
import { until } from "../helpers/until.ts";
import { incusUnderTest } from "./drivers/incus/machines.ts";
import { INSTALLER, installHero, sum } from "./helpers/hero.ts";
import { type TestMachine, type TestNode, testNode } from "./helpers/node.ts";

/** Serves one file on port 8000 of the machine itself, which has no network here. Only what perl-base has. */
const SERVER = String.raw`use strict; use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 8000, Listen => 5, ReuseAddr => 1) or die;
while (my $client = $server->accept) {
  while (my $line = <$client>) { last if $line =~ /^\s*$/ }
  open my $file, "<", "/root/served" or die;
  print $client "HTTP/1.0 200 OK\r\nContent-Length: ", -s $file, "\r\n\r\n", <$file>;
}`;

async function serveOn(node: TestNode, machine: TestMachine, text: string) {
  await node.read(
    machine,
    `printf '%s' ${quote(text)} >/root/served; printf '%s' ${quote(SERVER)} >/root/server`,
  );
  await node.read(machine, "setsid perl /root/server </dev/null >/dev/null 2>&1 &");
  await until("the installer to be served", async () => {
    return (await node.exec(machine, "curl -fs http://127.0.0.1:8000/ >/dev/null")).code === 0;
  });
  return { installerUrl: "http://127.0.0.1:8000/install.sh", checksum: sum(text), services: "hero_proc" };
}

test("under systemd Hero's programs run as units of the tester's account", async () => {
  await using under = await incusUnderTest();
  await using node = await testNode(under.driver);
  const machine = await node.machine();
  const { result, log } = await installHero(node, machine, await serveOn(node, machine, INSTALLER));
  expect(result, log).toMatchObject({ outcome: "set_up" });
  const unit = "systemctl show --property=User,ActiveState,UnitFileState hero@hero_proc";
  expect((await node.read(machine, unit)).split("\n").toSorted()).toEqual([
    "ActiveState=active",
    "UnitFileState=enabled",
    "User=alice",
  ]);
});

test("a service that does not stay up fails the set-up with its last words", async () => {
  await using under = await incusUnderTest();
  await using node = await testNode(under.driver);
  const machine = await node.machine();
  const broken = INSTALLER.replace("exec sleep 1000", "echo there is no licence; exit 1");
  const { result } = await installHero(node, machine, await serveOn(node, machine, broken));
  expect(result).toMatchObject({ outcome: "setup_failed", step: "start" });
  const message = result.outcome === "setup_failed" ? result.message : "";
  expect(message).toContain("there is no licence");
});
