import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { MachineLinks } from "../../../verify/chaos/far/machineLinks.ts";
import { until } from "../../helpers/until.ts";

/** Stands for a machine that sends back what it hears. @returns its port */
async function machine(): Promise<number> {
  const server = createServer((socket) => socket.on("error", () => undefined).pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function waysTo(...ports: number[]): Promise<MachineLinks> {
  const links = new MachineLinks("127.0.0.2");
  onTestFinished(() => links.close());
  for (const port of ports) await links.open(port);
  return links;
}

async function talkTo(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.2").on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  socket.write("hello");
  return socket;
}

async function use(port: number): Promise<Socket> {
  const socket = await talkTo(port);
  await once(socket, "data");
  return socket;
}

test("hits one that is used, and leaves the others", async () => {
  const [one, other] = [await machine(), await machine()];
  const links = await waysTo(one, other);
  const used = await use(other);
  expect(links.cut(0.99).hits()).toBe(1);
  await until("the reset", () => used.destroyed);
  await use(one);
});

test("where none is used it waits for any, those that are made later too", async () => {
  const [early, late] = [await machine(), await machine()];
  const links = await waysTo(early);
  const silence = links.silence(0.5);
  expect(silence.hits()).toBe(0);
  await talkTo(early);
  await until("the early one's silence", () => silence.hits() === 1);
  await links.open(late);
  await talkTo(late);
  await until("the late one's silence", () => silence.hits() === 2);
  silence.end();
  await use(early);
  await use(late);
});
