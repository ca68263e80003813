import { expect, test } from "vitest";
import { parseAnswer } from "../../../../src/relay/drivers/exec/failures.ts";
import { capacityAnswer, createAnswer } from "../../../../src/relay/drivers/exec/protocol.ts";

/** What the author of a driver program is told that prints something else: the field, and what it must be. */
const about = (command: "create" | "capacity") => ({
  command,
  doing: `${command} by /opt/driver`,
  timeoutSeconds: 10,
  hide: (text: string) => text.replaceAll("s3cret", "***"),
});
const ssh = { host: "10.0.0.1", port: 22 };

test.each([
  [{ name: "wp-1", state: "running" }, "ssh: is missing; it must be given"],
  [{ name: "wp-1", state: "up", ssh }, 'state: must be one of "running", "stopped", "unknown"'],
  [{ name: "wp-1", state: "running", ssh, sshh: 1 }, "sshh: unknown field"],
  [{ name: "wp-1", state: "running", ssh, s3cret: 1 }, "***: unknown field"],
  [
    { name: "wp-1", state: "running", ssh: { host: "10.0.0.1", port: 70_000 } },
    "ssh.port: must be at most 65535",
  ],
  [[], "the output: must be an object"],
])("a create that prints %j", (answer, words) => {
  const read = () => parseAnswer(about("create"), createAnswer, JSON.stringify(answer));
  expect(read).toThrow(`create by /opt/driver exited with 0 but printed something unexpected (${words}`);
  expect(read).not.toThrow(/Invalid|Unrecognized|\bexpected|received/);
});

test("a capacity without its disks", () => {
  const answer = { cpus: 4, memoryMib: { total: 1, available: 1, reserve: 0 } };
  expect(() => parseAnswer(about("capacity"), capacityAnswer, JSON.stringify(answer))).toThrow(
    "(disks: is missing; it must be a list",
  );
});
