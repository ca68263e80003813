import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { until } from "../../../test/helpers/until.ts";
import { local, machines } from "../../harness/interface.ts";
import { type Context, FIRST_START_SECONDS, freePort, type Part } from "../../harness/part.ts";
import { CHECKOUT, type Program, type Ran, run, runWith, startProgram } from "../../harness/program.ts";
import {
  commandsOf,
  filledIn,
  type Own,
  PAGES,
  programFor,
  programsOf,
  TYPED,
  type Typed,
} from "../readme.ts";

/** A stranger with the README and the pages after it: a fresh folder, and their commands from top to bottom, as they stand there. */
const COMMAND_SECONDS = 120;
/** What a tester's machine asks of an installer. */
const INSTALLER = "#!/bin/sh\necho installed\n";

export const readme: Part = {
  name: "readme",
  title: "The commands of the README and the pages after it do in a fresh folder what is said",
  show,
};

async function show(context: Context): Promise<void> {
  const { report, driver } = context;
  if (driver !== "local")
    return report.note(`left out on ${driver}: its machines have no network here to fetch an installer`);
  const isRoot = process.getuid?.() === 0;
  const checkout = join(context.folder, "checkout");
  await report.check("a fresh copy of what git knows", () => copyCheckout(checkout));
  report.note("npm ci is left out: the packages of this checkout are linked, for no network is needed");
  const pages = await Promise.all(PAGES.map((page) => readFile(join(checkout, page), "utf8")));
  const commands = pages.flatMap(commandsOf);
  const [first = ""] = pages;
  const port = await freePort();
  const web = await serveInstaller();
  const own: Own = {
    start: `npm start -- --port ${port} --driver ${driver} --runtime ${context.runtime}`,
    url: `http://127.0.0.1:${port}`,
    joinToken: "",
    driver,
    installer: { url: web.url, checksum: createHash("sha256").update(INSTALLER).digest("hex") },
    machine: "",
  };
  const reader = await readerOf(checkout, context.folder);
  const staying: Program[] = [];
  try {
    for (const [at, command] of commands.entries()) {
      const typed = TYPED[at];
      if (typed === undefined || !command.startsWith(typed.begins))
        throw new Error(`verify/accept/readme.ts does not say what this shows: ${command}`);
      if (typed.asRoot === true && !isRoot) {
        report.note(`left out, for it needs root: ${command}`);
        continue;
      }
      if (command.includes("machine timeline")) own.machine = await reader.readyMachine();
      const text = filledIn(command, own);
      let shown = "";
      await report.check(text.replace(/ +#.*$/, ""), async () => {
        shown = await reader.type(text, typed, staying);
      });
      own.joinToken = /wp_join_[\w-]+/.exec(shown)?.[0] ?? own.joinToken;
      for (const { command: line, of, ...next } of typed.after ?? []) {
        const found = of === undefined ? line : line.replace("$1", of.exec(shown)?.[1] ?? "");
        await report.check(found, () => reader.type(found, { begins: "", ...next }, staying));
      }
      if (command.startsWith("npx warmpool status") && at < commandsOf(first).length)
        await report.check("the program of the README, with that machine", () =>
          runProgram(checkout, first, own.url, reader),
        );
      if (at === commandsOf(first).length - 1) await stopAndGoOn(report, reader, staying, own);
    }
    await report.check("what it made is gone again, and both end", async () => {
      for (const line of [
        ...(isRoot ? ["release alice"] : []),
        `machine unhold ${own.machine}`,
        "pool empty demo --yes",
      ])
        await reader.type(`npx warmpool ${line}`, { begins: "", shows: [] }, staying);
      await until("every machine to be proven gone", async () => (await reader.machines()).length === 0, {
        seconds: COMMAND_SECONDS,
        everyMs: 1000,
      });
      for (const program of staying.toReversed()) process.kill(-program.pid, "SIGINT");
      await until("all to end", () => staying.every((program) => program.hasEnded()), { seconds: 60 });
    });
  } finally {
    web.close();
  }
}

type Reader = Awaited<ReturnType<typeof readerOf>>;

/** Assigns alice's machine once more, from an app: she has it already. */
async function runProgram(checkout: string, page: string, url: string, reader: Reader): Promise<void> {
  const [program] = programsOf(page);
  if (program === undefined) throw new Error("the README shows no program");
  await writeFile(join(checkout, "app.ts"), programFor(program, url));
  const { appToken } = local.parse(
    JSON.parse(await readFile(join(checkout, ".warmpool/local.json"), "utf8")),
  );
  const line = `WARMPOOL_TOKEN=${appToken} npm exec -- node app.ts`;
  await reader.type(line, { begins: "", shows: [/^alice: active$/m] }, []);
}

/** What the README says of Ctrl-C: what a tester has is kept and listed, the next start goes on, and there is a way to end it. */
async function stopAndGoOn(
  report: Context["report"],
  reader: Reader,
  staying: Program[],
  own: Own,
): Promise<void> {
  const type = (text: string, typed: Omit<Typed, "begins">) => () =>
    reader.type(text, { begins: "", ...typed }, staying);
  const assign = "npx warmpool assign bob --key alice_key.pub --wait";
  await report.check(assign, type(assign, { shows: [/^bob has /m] }));
  await report.check("Ctrl-C: bob's machine is kept and listed, the others are gone", async () => {
    const stack = staying.pop();
    if (stack === undefined) throw new Error("npm start does not run");
    process.kill(-stack.pid, "SIGINT");
    await until("npm start to end", () => stack.hasEnded(), { seconds: COMMAND_SECONDS });
    const end = stack.tail(4);
    if (!/^Kept: \S+, which bob holds$/m.test(end)) throw new Error(`it said:\n${end}`);
  });
  await report.check(own.start, type(own.start, { shows: [/^Warmpool is ready at http:/m], stays: true }));
  await report.check("npx warmpool tester bob", type("npx warmpool tester bob", { shows: [/^bob has /m] }));
  await report.check("Ctrl-C, and npm start -- --destroy-now", async () => {
    const stack = staying.pop();
    if (stack === undefined) throw new Error("npm start does not run");
    process.kill(-stack.pid, "SIGINT");
    await until("npm start to end", () => stack.hasEnded(), { seconds: COMMAND_SECONDS });
    const ended = await reader.type(
      `${own.start} --destroy-now`,
      { begins: "", shows: [/^Stopped\.$/m] },
      [],
    );
    if (/^Pool demo: /m.test(ended)) throw new Error(`it filled the pool first:\n${ended}`);
  });
  await report.check(own.start, type(own.start, { shows: [/^Warmpool is ready at http:/m], stays: true }));
}

/** Somebody who types into a shell in that folder, with a home of their own. */
async function readerOf(cwd: string, folder: string) {
  const env = { HOME: join(folder, "home"), npm_config_update_notifier: "false" };
  await mkdir(env.HOME);
  let stayed = 0;
  const typeOnce = (text: string, input = ""): Promise<Ran> =>
    runWith(input, "bash", ["-o", "pipefail", "-c", text], COMMAND_SECONDS, { cwd, env });
  const listed = async () => {
    const ran = await typeOnce("npx warmpool machine list --json");
    if (ran.code !== 0) throw new Error(ran.stderr);
    return machines.parse(JSON.parse(ran.stdout)).items;
  };
  return {
    machines: listed,
    readyMachine: async () => {
      const ready = (await listed()).find(({ state }) => state === "ready");
      if (ready === undefined) throw new Error("no machine is ready");
      return ready.name;
    },
    /** @returns what it showed. @throws Error where that is not what the README says, or it has failed. */
    async type(text: string, typed: Typed, staying: Program[]): Promise<string> {
      if (typed.stays === true) {
        const logFile = join(folder, `staying-${stayed++}.log`);
        const program = await startProgram("bash", ["-c", `exec ${text}`], { cwd, env, logFile });
        staying.push(program);
        await until(
          `${text} to show ${typed.shows.join(", ")}`,
          () => {
            if (program.hasEnded()) throw new Error(`it ended:\n${program.tail(12)}`);
            return shows(program.tail(1000), typed);
          },
          { seconds: FIRST_START_SECONDS, everyMs: 100 },
        ).catch((cause: unknown) => {
          throw new Error(`its last lines:\n${program.tail(12)}`, { cause });
        });
        return "";
      }
      let ran = await typeOnce(text, typed.input);
      const isFine = () => ran.code === 0 && shows(ran.stdout, typed);
      if (typed.settles === true && !isFine()) {
        await until(
          "it to show what the README says",
          async () => {
            ran = await typeOnce(text, typed.input);
            return isFine();
          },
          { seconds: COMMAND_SECONDS, everyMs: 1000 },
        ).catch(() => undefined);
      }
      if (isFine()) return ran.stdout;
      const missing = typed.shows.filter((one) => !one.test(ran.stdout)).join(", ");
      throw new Error(
        `it ended with code ${ran.code}, and did not show ${missing || "an error"}:\n${ran.stdout}${ran.stderr}`,
      );
    },
  };
}

function shows(text: string, typed: Typed): boolean {
  return typed.shows.every((one) => one.test(text));
}

/** Makes the folder a copy of what git knows and of what it does not ignore, with the packages of this checkout. */
async function copyCheckout(folder: string): Promise<void> {
  await mkdir(folder);
  const script =
    "git -c safe.directory='*' ls-files -z --cached --others --exclude-standard -- ':!node_modules' | " +
    'xargs -0 cp --parents --preserve=mode --target-directory "$1" --';
  const ran = await run("bash", ["-o", "pipefail", "-c", script, "bash", folder]);
  if (ran.code !== 0) throw new Error(ran.stderr);
  await symlink(join(CHECKOUT, "node_modules"), join(folder, "node_modules"));
}

async function serveInstaller(): Promise<{ url: string; close(): void }> {
  const server = createServer((_, response) => response.end(INSTALLER));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/install.sh`, close: () => server.close() };
}
