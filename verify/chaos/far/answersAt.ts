import { once } from "node:events";
import { connect } from "node:net";
import { deadline } from "../../../test/helpers/patience.ts";

/** Whether somebody listens on that port of 127.0.0.1. */
export async function answersAt(port: number): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port });
  try {
    await once(socket, "connect", { signal: deadline(2) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
