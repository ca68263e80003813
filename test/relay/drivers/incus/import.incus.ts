import { expect, test } from "vitest";
import { onlyOwn } from "../../../../src/relay/onlyOwn.ts";
import { makeHostKey } from "../../../../src/relay/ssh/hostKey.ts";
import { learnHostKey } from "../../../../src/relay/ssh/learnHostKey.ts";
import { request, soon } from "../conformance.ts";
import { type Elsewhere, madeElsewhere, marksOf, stateOf } from "./elsewhere.ts";
import { incusUnderTest } from "./machines.ts";
import { testOnlyAtNight } from "../../../helpers/nightly.ts";

/** A container that somebody else has made, which an import marks and its undoing unmarks. */

async function recordOf({ name, ssh }: Elsewhere) {
  const hostKey = await learnHostKey(ssh, { timeoutSeconds: 30, signal: soon() });
  return { name, ssh, access: { host: "vm.example.com", port: 22 }, hostKey };
}

test("mark: the container is the node's own from now on, and answers where the record says", async () => {
  await using under = await incusUnderTest();
  await using machine = await madeElsewhere();
  const own = onlyOwn(under.driver, under.owner);
  const record = await recordOf(machine);
  const { name, ssh, access } = record;
  expect(await own.get(name, soon())).toBeNull();
  const other = { ...record, hostKey: makeHostKey("other").pinned, plan: false };
  await expect(own.mark?.(other, soon())).rejects.toThrow(`is not ${name}, which has another host key`);
  const planned = await own.mark?.({ ...record, plan: true }, soon());
  expect(planned).toMatchObject({ name, state: "running", ssh, access });
  expect(await marksOf(name)).toEqual([]);
  await own.mark?.({ ...record, plan: false }, soon());
  const mark = { ...under.owner, machine: name };
  expect(await own.get(name, soon())).toMatchObject({ name, ssh, access, mark });
  expect((await own.list(soon())).machines.map((one) => one.name)).toEqual([name]);
  await expect(own.mark?.({ ...record, plan: true }, soon())).rejects.toThrow(/carries a mark/);
  const nobody = { ...record, name: "nobody-17", plan: true };
  await expect(own.mark?.(nobody, soon())).rejects.toThrow(/no instance/);
  await own.stop(name, soon());
  await own.delete(name, soon());
  expect((await own.list(soon())).machines).toEqual([]);
  expect(await stateOf(name)).toBe("");
});

test("unmark: it runs on without a mark, and is not the node's any more", async () => {
  await using under = await incusUnderTest();
  await using machine = await madeElsewhere();
  const own = onlyOwn(under.driver, under.owner);
  const { name } = machine;
  await own.mark?.({ ...(await recordOf(machine)), plan: false }, soon());
  await own.unmark?.(name, soon());
  expect(await marksOf(name)).toEqual([]);
  expect(await own.get(name, soon())).toBeNull();
  await own.stop(name, soon());
  await own.delete(name, soon());
  expect(await stateOf(name)).toBe("RUNNING");
});

testOnlyAtNight("unmark of a machine that was made here: it keeps its mark", async () => {
  await using under = await incusUnderTest();
  const own = onlyOwn(under.driver, under.owner);
  const { name } = await own.create(await request(), soon());
  await own.unmark?.(name, soon());
  expect(await own.get(name, soon())).toMatchObject({ name });
});
