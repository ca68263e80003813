import { expect, test } from "vitest";
import { setUp } from "../../../src/relay/setup/setup.ts";
import { nobodyUnderTest } from "../drivers/local/nobody.ts";
import { TestLease } from "../helpers/lease.ts";
import { testNode } from "../helpers/node.ts";
import { setupOperation, testerKey } from "../helpers/setup.ts";
import { isNight } from "../../helpers/nightly.ts";

// An ordinary user's machines are of this kind anyway.
const isRoot = process.geteuid?.() === 0;

test.runIf(isNight)("without root the whole set-up happens in the machine's own folder", async () => {
  await using under = isRoot ? await nobodyUnderTest() : null;
  await using node = await testNode(under?.driver);
  const machine = await node.machine();
  const script = `echo ran >>"$HOME/trace"; echo "::output home=$WARMPOOL_HOME"; echo "::output id=$(id -u)"`;
  const operation = setupOperation(machine, [["a", script]], {
    sudo: true,
    secrets: { token: "s3cret-value" },
  });
  const homes = await node.read(machine, "echo $WARMPOOL_HOMES");
  for (const token of [1, 2]) {
    expect(await setUp({ ...operation, token }, new TestLease(), node.tools)).toMatchObject({
      outcome: "set_up",
      outputs: { home: `${homes}/alice`, id: await node.read(machine, "id -u") },
      handover: { keys: { root: [node.key.publicKey], alice: [testerKey] } },
    });
  }
  expect(await node.read(machine, "cat $HOME/trace")).toBe("ran");
  expect((await node.exec(machine, "grep -rF s3cret-value $WARMPOOL_STATE")).code).toBe(1);
});
