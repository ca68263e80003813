import { serve } from "@hono/node-server";
import { z } from "zod";

/** Stands between the command line and the API, passes everything on, `alter`ed, and keeps what was asked and answered. */
export type Recorder = AsyncDisposable & { url: string; answers: unknown[]; paths: string[] };

const failed = z.object({ error: z.looseObject({ message: z.string() }) });
const answered = z.object({ result: z.object({ data: z.unknown() }) });

export async function recorder(
  to: string,
  alter: (value: unknown) => unknown = (value) => value,
): Promise<Recorder> {
  const answers: unknown[] = [];
  const paths: string[] = [];
  const passOn = async (request: Request) => {
    const { pathname, search } = new URL(request.url);
    const { method } = request;
    paths.push(`${method} ${pathname}`);
    // What is said of the connection and of the body's length is said anew.
    const headers = Object.fromEntries(
      ["authorization", "content-type"].flatMap((name) => {
        const value = request.headers.get(name);
        return value === null ? [] : [[name, value]];
      }),
    );
    const body = method === "POST" ? { body: await request.text() } : {};
    const passed = await fetch(`${to}${pathname}${search}`, { method, headers, ...body });
    const whole: unknown = JSON.parse(await passed.text());
    const answer = answered.safeParse(whole);
    const failure = failed.safeParse(whole);
    if (answer.success) answers.push(alter(answer.data.result.data));
    const shown = answer.success
      ? { result: { data: answers.at(-1) } }
      : failure.success
        ? { error: { ...failure.data.error, message: alter(failure.data.error.message) } }
        : whole;
    return new Response(JSON.stringify(shown), {
      status: passed.status,
      headers: { "content-type": "application/json" },
    });
  };
  const server = serve({ hostname: "127.0.0.1", port: 0, fetch: passOn });
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the recorder has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    answers,
    paths,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      if ("closeAllConnections" in server) server.closeAllConnections();
      await closed;
    },
  };
}
