import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { deadline } from "../helpers/patience.ts";
import { isNight } from "../helpers/nightly.ts";
import { npmInstall, packed } from "../helpers/packed.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { aPool, anAssignment, inLine } from "./samples.ts";
import { standIn } from "./standIn.ts";

/** The package as others get it: packed, installed into an empty project, compiled against and run. */

const run = promisify(execFile);
const checkout = join(import.meta.dirname, "../..");

test.runIf(isNight)(
  "the packed package gives an empty project a typed client and the command line",
  async () => {
    await using folder = await temporaryFolder();
    const project = await installed(folder.path);

    await writeFile(join(project, "main.ts"), CONSUMER);
    const { stdout: files } = await tsc(project, "main.ts", "--listFiles");
    const read = files.split("\n").filter((file) => file.includes("/node_modules/warmpool/"));
    expect(read.length).toBeGreaterThan(0);
    expect(read.filter((file) => !/\/dist\/(client|contract)\//.test(file))).toEqual([]);

    await using server = await standIn({
      pools: () => [aPool()],
      watch: async function* () {
        yield ["1", inLine(1)];
        yield ["2", anAssignment()];
      },
    });
    const { stdout } = await run(process.execPath, [join(project, "main.js"), server.url], {
      signal: deadline(30),
    });
    expect(JSON.parse(stdout)).toEqual({
      pools: ["demo"],
      states: ["waiting", "active"],
      refused: "NOT_FOUND",
    });

    await writeFile(join(project, "wrong.ts"), WRONG);
    const wrong = await tsc(project, "wrong.ts").catch((error: { stdout: string }) => error);
    expect(wrong.stdout.match(/wrong\.ts\(\d+/g)).toEqual(["wrong.ts(3", "wrong.ts(4", "wrong.ts(5"]);

    const bin = join(project, "node_modules/.bin/warmpool");
    const status = ["status", "--json", "--url", server.url, "--token", "t"];
    const { stdout: printed } = await run(process.execPath, [bin, ...status], { signal: deadline(30) });
    expect(JSON.parse(printed)).toEqual([aPool()]);
  },
);

async function installed(folder: string): Promise<string> {
  const project = join(folder, "project");
  await mkdir(project);
  await writeFile(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await npmInstall(project, await packed(folder));
  return project;
}

/** Strict, libraries checked too, and nothing in scope but what the package brings. */
function tsc(project: string, file: string, ...more: string[]) {
  const strict = [
    "--strict",
    "--target",
    "ES2022",
    "--module",
    "NodeNext",
    "--skipLibCheck",
    "false",
    "--types",
    "",
  ];
  return run(join(checkout, "node_modules/.bin/tsc"), [...strict, ...more, file], {
    cwd: project,
    signal: deadline(60),
  });
}

const CONSUMER = `
import { createClient, errorCode, type Assignment } from "warmpool/client";
declare const process: { argv: string[] };

const warmpool = createClient({ url: process.argv[2] ?? "", token: "t" });
const pools: string[] = (await warmpool.pool.list.query()).map((pool) => pool.name);
const states: Assignment["state"][] = [];
for await (const { data } of warmpool.tester.watch.subscribe({ username: "alice" })) states.push(data.state);
const refused = await warmpool.tester.status.query({ username: "bob" }).catch(errorCode);
console.log(JSON.stringify({ pools, states, refused }));
`;

const WRONG = `import { createClient } from "warmpool/client";
const warmpool = createClient({ url: "http://127.0.0.1", token: "t" });
await warmpool.tester.assign.mutate({ username: 1, sshKeys: [] });
(await warmpool.tester.status.query({ username: "alice" })).nothingOfTheKind;
await warmpool.tester.burn.mutate({});
`;
