/**
 * Programs of somebody who uses `warmpool/client`, as the tests write them into a project of their own: `story` is the
 * same in all three places, and each place has a few lines that call it and pass on what it says.
 */

/**
 * assign → watch, until the assignment ends → the code of a refusal. Each line is said as it happens, so that whoever
 * listens can restart the server between two of them.
 */
const STORY = `
import { createClient, errorCode, isWarmpoolError, type Assignment, type WarmpoolClient } from "warmpool/client";

export type Given = { url: string; token: string; username: string; sshKey: string };
export type Say = (line: string) => void;

export async function story({ url, token, username, sshKey }: Given, say: Say): Promise<void> {
  const warmpool: WarmpoolClient = createClient({ url, token });
  const { assignment } = await warmpool.tester.assign.mutate({ username, sshKeys: [sshKey] });
  const first: Assignment["state"] = assignment.state;
  say("assigned: " + first);
  for await (const { data } of warmpool.tester.watch.subscribe({ username })) say("watched: " + data.state);
  try {
    await warmpool.tester.status.query({ username: "bob" });
  } catch (error) {
    say("refused: " + errorCode(error) + " " + (isWarmpoolError(error) ? error.data?.code : ""));
  }
}
`;

const IN_NODE = `
import { story } from "./story.js";
declare const process: { argv: string[] };

await story(JSON.parse(process.argv[2] ?? ""), (line) => console.log(line));
`;

/** Answers with the lines as a stream. */
const IN_WORKERD = `
import { story } from "./story.js";

export default {
  async fetch(request: Request): Promise<Response> {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const out = writable.getWriter();
    const say = (line: string) => void out.write(new TextEncoder().encode(line + "\\n"));
    const given = await request.json();
    void story(given, say)
      .catch((error: unknown) => say("failed: " + String(error)))
      .finally(() => out.close());
    return new Response(readable);
  },
};
`;

/** The page has \`say\` from the test. */
const IN_BROWSER = `
import { story, type Given, type Say } from "./story.js";
declare global {
  interface Window { given: Given; say: Say }
}

await story(window.given, window.say);
`;

/** Three mistakes that the types must name, in lines 3 to 5. */
const WRONG = `import { createClient } from "warmpool/client";
const warmpool = createClient({ url: "http://127.0.0.1", token: "t" });
await warmpool.tester.assign.mutate({ username: 1, sshKeys: [] });
(await warmpool.tester.status.query({ username: "alice" })).nothingOfTheKind;
await warmpool.tester.burn.mutate({});
`;

/** Node 22 and TypeScript let CommonJS require modules. */
const COMMON_JS = `
import warmpool = require("warmpool/client");

const client: warmpool.WarmpoolClient = warmpool.createClient({ url: "http://127.0.0.1:1", token: "t" });
client.pool.list.query().catch((error: unknown) => console.log("unreachable: " + warmpool.errorCode(error)));
`;

export const CONSUMERS = {
  "story.ts": STORY,
  "inNode.ts": IN_NODE,
  "inWorkerd.ts": IN_WORKERD,
  "inBrowser.ts": IN_BROWSER,
};
export const WRONG_CONSUMER = { "wrong.ts": WRONG };
export const COMMON_JS_CONSUMER = { "common.cts": COMMON_JS };
