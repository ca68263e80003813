import { expect, test } from "vitest";
import { KEY_A } from "../../helpers/world.ts";
import { installation } from "../installation.ts";
import { warmpool } from "../run.ts";

/** Verbs that change a node or a machine: what is shown, and what is refused. */

test("node label: without labels it shows them, --none removes them, and what is removed is reported", async () => {
  await using at = await installation();
  const label = (...words: string[]) => warmpool(["node", "label", "n1", ...words], at);
  const labels = async () => (await at.client.node.list.query())[0]?.labels;
  expect((await label("ssd", "rack-2")).stdout).toBe("Labels of n1: rack-2, ssd.\n");
  const shown = await label();
  expect(shown.stdout).toMatch(
    /^Labels of n1: rack-2, ssd\.\nTo remove them all, run `npx warmpool node label n1 --none`\n$/,
  );
  expect(await labels()).toEqual(["rack-2", "ssd"]);
  expect((await label("ssd")).stdout).toBe("Labels of n1: ssd.\nRemoved: rack-2.\n");
  expect(await label("gpu", "--none")).toMatchObject({ code: 2, stdout: "" });
  expect(await warmpool(["node", "label", "n9"], at)).toMatchObject({ code: 3, stdout: "" });
  expect(await labels()).toEqual(["ssd"]);
  expect((await label("--none")).stdout).toBe("n1 has no labels.\nRemoved: ssd.\n");
  expect(await labels()).toEqual([]);
});

test("machine recreate of a tester's machine → refused at once, on a terminal as in a pipe", async () => {
  await using at = await installation();
  await at.client.tester.assign.mutate({ username: "alice", sshKeys: [KEY_A] });
  const name = (await at.client.machine.list.query({ state: "assigned" })).items[0]?.name ?? "";
  for (const where of [{}, { terminal: 80, answers: "y" }]) {
    const refused = await warmpool(["machine", "recreate", name], { ...at, ...where });
    expect(refused).toMatchObject({ code: 4, stdout: "" });
    expect(refused.stderr).not.toContain("Do it?");
  }
});
