import { once } from "node:events";
import { Server } from "ssh2";
import type { Connection } from "ssh2";

export type SshServer = AsyncDisposable & {
  /** Who tried to log in. */
  users: string[];
};

/**
 * A real SSH server on loopback that lets in whoever holds the key. A command is answered with its own text and with
 * what came on its input; `exit N` ends with N.
 */
export async function sshServer(port: number, hostKey: string, clientKey: string): Promise<SshServer> {
  const allowed = Buffer.from(clientKey.split(" ")[1] ?? "", "base64");
  const users: string[] = [];
  const connections = new Set<Connection>();
  const server = new Server({ hostKeys: [hostKey] }, (client) => {
    connections.add(client);
    client.on("error", () => {});
    client.on("close", () => connections.delete(client));
    client.on("authentication", (login) => {
      if (login.method === "publickey" && login.key.data.equals(allowed)) {
        if (login.signature !== undefined) users.push(login.username);
        login.accept();
      } else login.reject(["publickey"]);
    });
    client.on("session", (accept) => {
      accept().on("exec", (acceptExec, _, { command }) => {
        const channel = acceptExec();
        channel.write(`ran ${command}\n`);
        channel.on("data", (chunk: Buffer) => channel.write(chunk));
        channel.on("end", () => {
          channel.exit(Number(/^exit (\d+)$/.exec(command)?.[1] ?? 0));
          channel.end();
        });
      });
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    users,
    [Symbol.asyncDispose]: async () => {
      for (const client of connections) client.end();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
