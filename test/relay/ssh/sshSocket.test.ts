import { expect, test } from "vitest";
import { SshSocket } from "../../../src/relay/ssh/sshSocket.ts";

test("S2 what a listener of the connection throws → told as a fault, whatever the event, and thrown at nobody", () => {
  const socket = new SshSocket();
  const faults: string[] = [];
  socket.onFault = ({ message }) => void faults.push(message);
  for (const event of ["data", "drain", "end", "timeout"]) {
    socket.once(event, () => {
      throw new Error(`in ${event}`);
    });
    expect(socket.emit(event, Buffer.from("x"))).toBe(true);
  }
  expect(faults).toEqual(["in data", "in drain", "in end", "in timeout"]);
  socket.destroy();
});

test("S2 bytes are counted before a listener sees them", () => {
  const socket = new SshSocket();
  const seen: (number | string)[] = [];
  socket.onBytes = (count) => void seen.push(count);
  socket.on("data", () => seen.push("listener"));
  socket.emit("data", Buffer.alloc(300));
  expect(seen).toEqual([300, "listener"]);
  socket.destroy();
});
