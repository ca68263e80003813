import { execFile } from "node:child_process";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { deadline } from "../helpers/patience.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";

/**
 * What uninstall-incus.sh and build-image.sh remove and what they leave, with a stand-in for Incus that notes what it is
 * told to change; `rm` is one too. On a real Incus: uninstall.incus.ts and buildImage.incus.ts.
 */
const SCRIPTS = fileURLToPath(new URL("../../scripts", import.meta.url));
const isRoot = process.geteuid?.() === 0;
const NAME = "wp-test";

/** A file for each project and pool, which says who made it; a line for each machine; a line `ALIAS,FINGERPRINT,CONTENT` for each image. */
const INCUS = `#!/bin/sh
cd "$STAND_IN" || exit 1
case "$*" in
"query /1.0") [ ! -e down ] ;;
"project show "* | "storage show "*) [ -e "$1/$3" ] ;;
"project get "* | "storage get "*) cat "$1/$3" ;;
"project list "* | "storage list "*) ls "$1" ;;
"profile show "*) ;;
"list --project ${NAME} "*) cat machines ;;
"list "*) ;;
"image list "*" lF "*) cut -d , -f 1,2 images ;;
"image list "*) cut -d , -f 2 images ;;
"image get-property "*) grep ",$3," images | cut -d , -f 3 ;;
*) echo "incus $*" >>changes ;;
esac
`;
const RM = '#!/bin/sh\necho "rm $*" >>"$STAND_IN/changes"\n';

/** What there is in Incus beside what others have there. */
type Has = { madeBy?: string; machines?: string[]; images?: string[]; isDown?: boolean };

async function standIn({ madeBy = "install-incus.sh", machines = [], images = [], isDown = false }: Has) {
  const folder = await temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  for (const name of ["bin", "project", "storage"]) await mkdir(at(name));
  for (const [name, text] of [
    ["incus", INCUS],
    ["rm", RM],
  ] as const) {
    await writeFile(at(`bin/${name}`), text);
    await chmod(at(`bin/${name}`), 0o755);
  }
  for (const path of [`project/${NAME}`, `storage/${NAME}`]) await writeFile(at(path), madeBy);
  await writeFile(at("project/customers"), "");
  for (const [name, lines] of Object.entries({ machines, images, changes: [] }))
    await writeFile(at(name), lines.map((line) => `${line}\n`).join(""));
  if (isDown) await writeFile(at("down"), "");
  /** What the shell's text says, how it ends, and what it changes. */
  const run = async (text: string, script: string, args: string[], given: Record<string, string> = {}) => {
    const env = {
      ...process.env,
      PATH: `${at("bin")}:${process.env["PATH"] ?? ""}`,
      STAND_IN: folder.path,
      WARMPOOL_INCUS_PROJECT: NAME,
      WARMPOOL_INCUS_POOL: NAME,
      WARMPOOL_INCUS_PROFILE: NAME,
      ...given,
    };
    const command = ["-c", text, join(SCRIPTS, script), ...args];
    const ran = promisify(execFile)("sh", command, { env, signal: deadline(30) });
    ran.child.stdin?.end();
    const said = await ran.then(
      ({ stdout }) => stdout,
      (error: { stderr: string }) => `failed: ${error.stderr}`,
    );
    const changes = (await readFile(at("changes"), "utf8")).split("\n").filter(Boolean);
    return { said, changes };
  };
  const source = (script: string) => readFile(join(SCRIPTS, script), "utf8");
  return {
    uninstall: async (args: string[], given?: Record<string, string>) =>
      run(await source("uninstall-incus.sh"), "uninstall-incus.sh", args, given),
    /** One function of build-image.sh, without the last line that runs all of it. */
    ofBuild: async (call: string) =>
      run((await source("build-image.sh")).replace(/\nmain\n$/, `\n${call}\n`), "build-image.sh", []),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

const MACHINES = ["m1", "m2"];

test.runIf(isRoot).each<[string, Has, string[], Record<string, string>, RegExp]>([
  ["machines, and --yes alone", { machines: MACHINES }, ["--yes"], {}, /work on them: m1, m2\./],
  ["nobody who could be asked", { machines: MACHINES }, ["--machines"], {}, /give --yes if this is meant/],
  ["Incus that does not answer", { isDown: true }, ["--yes", "--machines"], {}, /Incus does not answer/],
  [
    "the project that is everybody's",
    {},
    ["--yes", "--machines"],
    { WARMPOOL_INCUS_PROJECT: "default" },
    /default is everybody's/,
  ],
  ["an option that it does not know", {}, ["--yes", "--all"], {}, /unknown option --all/],
])("uninstall, %s → refused, and nothing is removed", async (_, has, args, given, words) => {
  await using incus = await standIn(has);
  const { said, changes } = await incus.uninstall(args, given);
  expect(said).toMatch(/^failed: uninstall-incus\.sh: /);
  expect(said).toMatch(words);
  expect(changes).toEqual([]);
});

test.runIf(isRoot)("uninstall of what the install script made → its own goes, all else stays", async () => {
  await using incus = await standIn({ machines: MACHINES, images: ["warmpool-debian,aa,1"] });
  const { said, changes } = await incus.uninstall(["--yes", "--machines"]);
  expect(changes).toEqual([
    `incus delete --force m1 --project ${NAME}`,
    `incus delete --force m2 --project ${NAME}`,
    `incus image delete aa --project ${NAME}`,
    `incus profile delete ${NAME} --project ${NAME}`,
    `incus project delete ${NAME}`,
    `incus storage delete ${NAME}`,
    "rm -rf --one-file-system /var/cache/warmpool",
  ]);
  expect(said).toMatch(/Left as it is: Incus itself .*: project customers\n$/);
});

test.runIf(isRoot)("uninstall beside a project and a pool that somebody else made → they stay", async () => {
  await using incus = await standIn({ madeBy: "" });
  const { said, changes } = await incus.uninstall(["--yes", "--machines"]);
  expect(changes).toEqual(["rm -rf --one-file-system /var/cache/warmpool"]);
  expect(said).toMatch(new RegExp(`Left as it is: .*project ${NAME}, storage pool ${NAME}\n$`));
});

test("build-image: an image of its own that has no alias goes, one with an alias or of somebody else stays", async () => {
  await using incus = await standIn({
    images: ["warmpool-debian,aaaa,1", ",0123456789abcdef,2", ",bbbb,", "theirs,cccc,"],
  });
  const { said, changes } = await incus.ofBuild("forget_unnamed");
  expect(changes).toEqual([`incus image delete 0123456789abcdef --project ${NAME}`]);
  expect(said).toBe("Removed the image 0123456789ab, which had no alias any more\n");
});
