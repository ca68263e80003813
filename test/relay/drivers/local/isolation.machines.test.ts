import { execFileSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { outsideTmp, RUN_VARIABLE } from "../../../../scripts/leash/belonging.ts";
import { until } from "../../../helpers/until.ts";
import { request, rootLogin, soon } from "../conformance.ts";
import { localUnderTest } from "./machines.ts";
import { isNight } from "../../../helpers/nightly.ts";

/** The install scripts of Incus list there what they installed; set-ups keep theirs in a machine's. */
const HOST_STATE = "/var/lib/warmpool";

/** With root a machine is a system of its own: what happens in it stays in it, and the host's own things stay out. */
describe.runIf(process.geteuid?.() === 0)("a machine and its host", () => {
  test("accounts, sudo rights, packages' files and processes made in a machine are not on the host", async () => {
    const before = hostState();
    {
      await using under = await localUnderTest();
      const machine = await under.driver.create(await request(), soon());
      using inside = namespaces(under.processes(machine.name).map(({ pid }) => pid));
      {
        using root = await rootLogin(machine);
        const made = await root.exec(`set -e
          useradd -m -s /bin/bash -G sudo zoe
          mkdir -p /etc/sudoers.d && echo 'zoe ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/zoe
          echo 'zoe ALL=(ALL) ALL' >> /etc/sudoers
          touch /usr/bin/zoe /etc/zoe /home/zoe/here /root/here /tmp/zoe /var/lib/zoe
          setsid setpriv --reuid=zoe --regid=zoe --init-groups sleep 1000 </dev/null >/dev/null 2>&1 &
          id -un zoe`);
        expect(made).toMatchObject({ code: 0, stdout: "zoe\n" });
        await until("zoe's process", async () => (await root.exec("pgrep -u zoe sleep")).code === 0);
      }
      expect(hostState()).toEqual(before);
      expect(processesIn(inside)).not.toEqual([]);
      await under.driver.delete(machine.name, soon());
      expect(processesIn(inside)).toEqual([]);
    }
    expect(hostState()).toEqual(before);
  });

  test("the host's Warmpool state is not a machine's, whose own outlives a restart", async () => {
    const hasOwn = existsSync(HOST_STATE);
    mkdirSync(HOST_STATE, { recursive: true });
    try {
      await using under = await localUnderTest();
      const machine = await under.driver.create(await request(), soon());
      {
        using root = await rootLogin(machine);
        expect((await root.exec(`ls ${HOST_STATE}`)).code).not.toBe(0);
        expect((await root.exec(`mkdir ${HOST_STATE} && touch ${HOST_STATE}/mine`)).code).toBe(0);
      }
      await under.driver.stop(machine.name, soon());
      await under.driver.start(machine.name, soon());
      using root = await rootLogin(machine);
      expect((await root.exec(`ls -A ${HOST_STATE}`)).stdout).toBe("mine\n");
    } finally {
      if (!hasOwn) rmSync(HOST_STATE, { recursive: true });
    }
  });

  test("homes, keys, hidden folders and other machines of the host cannot be seen in a machine", async () => {
    const hidden = folderOutside();
    writeFileSync(join(hidden, "relay.key"), "secret");
    try {
      await using under = await localUnderTest([hidden, join(hidden, "not-there-yet")]);
      const other = await under.driver.create(await request(), soon());
      const machine = await under.driver.create(await request(), soon());
      using root = await rootLogin(machine);
      const look = async (command: string) => (await root.exec(command)).stdout;
      expect(await look(`ls -A ${hidden}; touch ${hidden}/x 2>&1`)).toMatch(
        /^touch: .*Read-only file system\n$/,
      );
      expect(await look(`ls -A ${under.options.root}`)).toBe("");
      expect(await look("ls -A /home /tmp; find /root -type f")).toBe(
        "/home:\n\n/tmp:\n/root/.ssh/authorized_keys\n",
      );
      expect(await look("ls /etc/ssh/ssh_host_* 2>/dev/null")).toBe("");
      expect(await look("hostname")).toBe(`${machine.name}\n`);
      const processes = await look(
        "cat /proc/[0-9]*/environ | tr '\\0' '\\n' | grep ^WARMPOOL_MACHINE= | sort -u",
      );
      expect(processes).toBe(`WARMPOOL_MACHINE=${machine.name}\n`);
      expect(await look("cat /proc/mounts")).not.toContain(other.name);
      expect(readFileSync(join(hidden, "relay.key"), "utf8")).toBe("secret");
    } finally {
      rmSync(hidden, { recursive: true });
    }
  });

  test("a link planted in a machine does not lead its next start to the host's files", async () => {
    const victim = folderOutside();
    writeFileSync(join(victim, "ssh_host_ed25519_key"), "the host's");
    try {
      await using under = await localUnderTest();
      const machine = await under.driver.create(await request(), soon());
      {
        using root = await rootLogin(machine);
        expect(await root.exec(`rm -rf /etc/ssh && ln -s ${victim} /etc/ssh`)).toMatchObject({ code: 0 });
      }
      await under.driver.stop(machine.name, soon());
      await under.driver.start(machine.name, soon());
      using root = await rootLogin(machine);
      expect(await root.exec("ls /etc/ssh/")).toMatchObject({ stdout: "" });
      expect(readdirSync(victim)).toEqual(["ssh_host_ed25519_key"]);
    } finally {
      rmSync(victim, { recursive: true });
    }
  });

  test.runIf(isNight)("processes that their parents leave behind are reaped", async () => {
    await using under = await localUnderTest();
    const machine = await under.driver.create(await request(), soon());
    using root = await rootLogin(machine);
    await root.exec("for i in 1 2 3 4 5 6 7 8 9 10; do (setsid true &) ; done");
    await until("no zombie", async () => (await root.exec("ps -eo stat= | grep -c ^Z")).stdout === "0\n");
  });

  test.runIf(isNight)("terminals and the usual devices are there", async () => {
    await using under = await localUnderTest();
    const machine = await under.driver.create(await request(), soon());
    using root = await rootLogin(machine);
    const script =
      "set -e; echo x >/dev/null; head -c 8 /dev/urandom | wc -c; cat /dev/null; : <(true); tty; touch /dev/shm/x";
    const { code, stdout } = await root.exec(script, { pty: true });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "8\r\n/dev/pts/0\r\n" });
  });
});

/** A folder on the host that machines can see. They have their own /tmp, so it must not be in there. */
function folderOutside(): string {
  return mkdtempSync(`${outsideTmp(process.env[RUN_VARIABLE] ?? "warmpool-test")}-`);
}

/** All that must be on the host after a test exactly as it was before. */
function hostState() {
  const text = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : null);
  const files = ["passwd", "group", "shadow", "gshadow", "subuid", "sudoers", "hosts", "hostname"];
  return {
    files: files.map((name) => text(join("/etc", name))),
    sudoers: existsSync("/etc/sudoers.d") ? readdirSync("/etc/sudoers.d") : [],
    folders: ["/home", "/root", "/usr/bin", "/etc", "/var/lib"].map((path) => readdirSync(path)),
    mounts: readFileSync("/proc/self/mountinfo", "utf8"),
    hostname: hostname(),
    zoe: execFileSync("sh", ["-c", `id zoe 2>&1 || true; ls /tmp/zoe 2>&1 || true`], {
      encoding: "utf8",
    }),
  };
}

/**
 * The process namespaces that these processes, or their children to be, live in, and that the test does not. They are held
 * until the end of its scope: otherwise the number of one that is gone may be given to that of another test's machine.
 */
function namespaces(pids: number[]): Disposable & { has(name: string): boolean } {
  const held = pids.map((pid) => openSync(`/proc/${pid}/ns/pid`, "r"));
  const own = readlinkSync("/proc/self/ns/pid");
  const found = new Set(held.map((file) => readlinkSync(`/proc/self/fd/${file}`)));
  found.delete(own);
  return {
    has: (name) => found.has(name),
    [Symbol.dispose]: () => {
      for (const file of held) closeSync(file);
    },
  };
}

/** A zombie is dead: who reaps it is the host's affair. */
function processesIn(inside: Pick<Set<string>, "has">): string[] {
  return readdirSync("/proc").filter((entry) => {
    try {
      if (!/^\d+$/.test(entry) || !inside.has(readlinkSync(`/proc/${entry}/ns/pid`))) return false;
      return !/\) Z /.test(readFileSync(`/proc/${entry}/stat`, "utf8"));
    } catch {
      return false;
    }
  });
}
