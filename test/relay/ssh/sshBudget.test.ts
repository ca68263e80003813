import { expect, test } from "vitest";
import { commandAllowance, IDLE, LOGIN, SshBudget } from "../../../src/relay/ssh/sshBudget.ts";

test("S2 a budget is spent by bytes as well as by messages, and stays so", () => {
  for (const cost of [{ bytes: LOGIN.bytes + 1 }, { messages: LOGIN.messages + 1 }]) {
    const budget = new SshBudget(LOGIN);
    expect(budget.isSpent).toBe(false);
    budget.spend(cost);
    expect(budget.isSpent).toBe(true);
    budget.allow(IDLE);
    budget.add(commandAllowance(1024));
    expect(budget.isSpent).toBe(true);
  }
});

test("S2 each command brings its own allowance, which ends with it", () => {
  const budget = new SshBudget(IDLE);
  const more = commandAllowance(256 * 1024);
  budget.add(more);
  budget.spend({ bytes: IDLE.bytes + 1, messages: IDLE.messages + 1 });
  expect(budget.isSpent).toBe(false);
  budget.allow(IDLE);
  budget.spend({ bytes: IDLE.bytes + 1 });
  expect(budget.isSpent).toBe(true);
});

test("S2 a piece of a set-up's log is well within what is allowed for it", () => {
  const { bytes, messages } = commandAllowance(256 * 1024);
  expect(bytes).toBeGreaterThan(2 * 256 * 1024);
  expect(messages).toBeGreaterThan((256 * 1024) / 1024);
});
