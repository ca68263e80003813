import { connect } from "node:net";

/**
 * Asks Postgres whether it takes connections, as `pg_isready` does: opens one, sends the first message of the
 * protocol and reads the first byte of the answer. Needs no password and leaves nothing behind.
 */
const PROTOCOL_3 = 196_608;
/** The error codes with which a server says that it is not there yet, or no more (class 57P). */
const NOT_NOW = /C57P0[123]\0/;

/** True once the server would go on to authenticate; false where it is absent, silent or still starting. */
export function postgresAnswers(port: number, timeoutSeconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const settle = (answer: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => settle(false), timeoutSeconds * 1000);
    socket.once("error", () => settle(false));
    socket.once("close", () => settle(false));
    socket.once("connect", () => socket.write(startupMessage("postgres", "postgres")));
    socket.once("data", (data) => settle(!NOT_NOW.test(data.toString("latin1"))));
  });
}

function startupMessage(user: string, database: string): Buffer {
  const body = Buffer.from(`user\0${user}\0database\0${database}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + body.length, 0);
  head.writeInt32BE(PROTOCOL_3, 4);
  return Buffer.concat([head, body]);
}
