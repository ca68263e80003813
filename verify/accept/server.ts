import { deadline } from "../../test/helpers/patience.ts";
import { until } from "../../test/helpers/until.ts";
import type { Local } from "../harness/interface.ts";
import { startNpm } from "../harness/program.ts";
import { type Rpc, rpc } from "../harness/rpc.ts";

/** A Node edge of its own, as `npm run server` starts it. */
export type Server = { url: string; app: Rpc; stop(): Promise<void> };

/** `sweepSeconds` is 0 where another edge on the same database sweeps. */
export type ServerSettings = Pick<Local, "databaseUrl" | "adminToken" | "appToken" | "secretKey"> & {
  sweepSeconds?: number;
};

/** @throws Error with the end of its output where it does not answer within 20 s. */
export async function startServer(
  { sweepSeconds = 0, ...stack }: ServerSettings,
  port: number,
  logFile: string,
): Promise<Server> {
  const program = await startNpm(
    ["run", "server"],
    {
      DATABASE_URL: stack.databaseUrl,
      PORT: String(port),
      WARMPOOL_ADMIN_TOKEN: stack.adminToken,
      WARMPOOL_SECRET_KEY: stack.secretKey,
      WARMPOOL_SWEEP_SECONDS: String(sweepSeconds),
    },
    logFile,
  );
  const url = `http://127.0.0.1:${port}`;
  const answers = async () => {
    if (program.hasEnded()) throw new Error(`it ended with ${await program.ended}`);
    return (await fetch(`${url}/healthz`, { signal: deadline(2) })).ok;
  };
  const stop = async (): Promise<void> => {
    process.kill(program.pid, "SIGTERM");
    await until("npm run server to end", () => program.hasEnded(), { seconds: 15 });
  };
  await until("the server to answer", answers, { seconds: 20, everyMs: 100 }).catch(
    async (cause: unknown) => {
      if (!program.hasEnded()) await stop();
      throw new Error(`npm run server does not answer. Its last lines:\n${program.tail(12)}`, { cause });
    },
  );
  return {
    url,
    app: rpc(url, stack.appToken),
    stop,
  };
}
