import { expect, test } from "vitest";
import { commandComplaints, complaintAbout, mentionsIn } from "./commands.ts";
import { PROGRAMS } from "./programs.ts";
import { readTree } from "./tree.ts";

/** Every command that is named in a message, a comment or a document can be typed. */
test.each([
  ["warmpool node lift NODE", null],
  ["npx warmpool machine recreate NAME --reassign", null],
  ["warmpool node list|drain", null],
  ["npx warmpool assign alice --key FILE --wait | tee log", null],
  ["npm start -- --driver local --port 8788", null],
  ["warmpool node raise NODE", "there is no verb raise"],
  ["warmpool machine restart NAME --now", "there is no option --now"],
  ["warmpool machine restart", "<machine> is missing"],
  ["warmpool capacity NODE NODE", "NODE is one argument too many"],
  ["warmpool relay run --driver kvm", "--driver does not take kvm"],
  ["npm start -- --drivers local", "there is no option --drivers"],
])("advice `%s` → %s", (text, complaint) => {
  expect(complaintAbout(text, PROGRAMS, true)).toBe(complaint);
});

test("the repository: every command in a message, a comment or a document is one that there is", () => {
  const tree = readTree();
  expect(mentionsIn(tree).length).toBeGreaterThan(100);
  expect(commandComplaints(tree, PROGRAMS)).toEqual([]);
});
