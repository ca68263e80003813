import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as fc from "fast-check";
import { EdgeError, connectEdge } from "../../../src/relay/session/edge.ts";
import { connect } from "../../../src/relay/ssh/ssh.ts";
import { SshError } from "../../../src/relay/ssh/sshError.ts";
import { rawServer, relayKey } from "../../../test/relay/helpers/hostileSshServer.ts";
import { damaged } from "./bytes.ts";
import { must, type Parser, waiting } from "./parser.ts";

/** What answers a relay that dials a machine, or the edge, and is something else. */
const TIMEOUT_SECONDS = 0.3;
const KEXINIT = Buffer.concat([Buffer.from([0, 0, 1, 0x2c, 8, 20]), Buffer.alloc(300, 0x61)]).toString(
  "latin1",
);

/** The server's first bytes after its banner, unencrypted. */
const sshBytes = damaged([
  "SSH-2.0-x\r\n",
  `SSH-2.0-x\r\n${KEXINIT}`,
  "SSH-1.99-y\n",
  "HTTP/1.1 400 x\r\n\r\n",
]);

async function dial(bytes: string): Promise<void> {
  const server = await rawServer((socket) => void socket.write(Buffer.from(bytes, "latin1")));
  const options = { timeoutSeconds: TIMEOUT_SECONDS, signal: new AbortController().signal };
  try {
    await connect(server.target, relayKey.privateKey, options);
    throw new Error("it logged in");
  } catch (error) {
    must(error instanceof SshError, `it ended with ${String(error)}`);
  } finally {
    await server[Symbol.asyncDispose]();
  }
}

const ANSWERS = [
  '{"result":{"data":{"operations":[]}}}',
  '{"error":{"message":"m","data":{"code":"FORBIDDEN"}}}',
  "<html>",
];

async function askEdge({ status, body }: { status: number; body: string }): Promise<void> {
  const server = createHttpServer((request, response) => {
    request.resume();
    response.writeHead(status, {
      "content-type": "application/json",
      "retry-after": body.slice(0, 5).replaceAll(/[^ -~]/g, ""),
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const edge = connectEdge(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, "wp_node_x");
    await edge.report({ session: "x" }, new AbortController().signal);
  } catch (error) {
    must(error instanceof EdgeError, `it ended with ${String(error)}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

export const overSockets: readonly Parser[] = [
  waiting("SSH servers", sshBytes, dial, 5),
  waiting(
    "what answers in the edge's place",
    fc.record({ status: fc.constantFrom(200, 204, 400, 401, 429, 500, 502), body: damaged(ANSWERS) }),
    askEdge,
  ),
];
