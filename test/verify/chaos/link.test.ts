import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { Link } from "../../../verify/chaos/far/link.ts";
import { until } from "../../helpers/until.ts";

/** A link before a server that sends back what it hears. */
async function toEcho(): Promise<Link> {
  const server = createServer((socket) => socket.on("error", () => undefined).pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const link = await Link.listen({ host: "127.0.0.1", port: (server.address() as AddressInfo).port });
  onTestFinished(async () => {
    await link.close();
    server.close();
  });
  return link;
}

async function dial(link: Link): Promise<{ socket: Socket; heard: () => string }> {
  const socket = connect(link.port, "127.0.0.1").on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  let heard = "";
  socket.on("data", (data: Buffer) => (heard += data.toString()));
  await once(socket, "connect");
  return { socket, heard: () => heard };
}

test("passes on what both sides say", async () => {
  const link = await toEcho();
  const { socket, heard } = await dial(link);
  socket.write("hello");
  await until("the echo", () => heard() === "hello");
});

test("silent: what was open hears nothing for ever, what comes later passes again", async () => {
  const link = await toEcho();
  const before = await dial(link);
  before.socket.write("one");
  await until("the echo", () => before.heard() === "one");
  const silence = link.silence();
  expect(silence.hits()).toBe(1);
  const meanwhile = await dial(link);
  for (const { socket } of [before, meanwhile]) socket.write("two");
  await until("the link to have taken the second", () => silence.hits() === 2);
  silence.end();
  const after = await dial(link);
  after.socket.write("three");
  await until("the way to be back", () => after.heard() === "three");
  expect(before.heard()).toBe("one");
  expect(meanwhile.heard()).toBe("");
  expect([before.socket.destroyed, meanwhile.socket.destroyed]).toEqual([false, false]);
});

test("cut: what is open is reset", async () => {
  const link = await toEcho();
  const { socket, heard } = await dial(link);
  socket.write("hello");
  await until("the echo", () => heard() === "hello");
  expect(link.cut().hits()).toBe(1);
  await until("the reset", () => socket.destroyed);
});

test("cut where nothing is open: the first that hears something is reset, the next one is not", async () => {
  const link = await toEcho();
  const cut = link.cut();
  expect(cut.hits()).toBe(0);
  const { socket } = await dial(link);
  socket.write("hello");
  await until("the reset", () => socket.destroyed);
  expect(cut.hits()).toBe(1);
  const next = await dial(link);
  next.socket.write("hello");
  await until("the echo", () => next.heard() === "hello");
});

test("a cut that has ended waits for nobody", async () => {
  const link = await toEcho();
  const cut = link.cut();
  cut.end();
  const { socket, heard } = await dial(link);
  socket.write("hello");
  await until("the echo", () => heard() === "hello");
  expect(cut.hits()).toBe(0);
});

test("two silences: the way is back when both have ended", async () => {
  const link = await toEcho();
  const [one, other] = [link.silence(), link.silence()];
  one.end();
  const meanwhile = await dial(link);
  meanwhile.socket.write("one");
  await until("the link to have taken it", () => other.hits() === 1);
  other.end();
  const { socket, heard } = await dial(link);
  socket.write("two");
  await until("the echo", () => heard() === "two");
  expect(meanwhile.heard()).toBe("");
});

test("leads elsewhere: what is open is reset, what opens meanwhile gets there, and at the end all is as before", async () => {
  const link = await toEcho();
  const other = createServer((socket) => void socket.on("error", () => undefined).end("elsewhere"));
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void other.close());
  const before = await dial(link);
  before.socket.write("one");
  await until("the echo", () => before.heard() === "one");
  const fault = link.lead({ host: "127.0.0.1", port: (other.address() as AddressInfo).port });
  expect(() => link.lead({ host: "127.0.0.1", port: 9 })).toThrow("already");
  await until("the reset", () => before.socket.destroyed);
  const meanwhile = await dial(link);
  await until("the other's word", () => meanwhile.heard() === "elsewhere");
  expect(fault.hits()).toBe(1);
  fault.end();
  const after = await dial(link);
  after.socket.write("three");
  await until("the echo again", () => after.heard() === "three");
});
