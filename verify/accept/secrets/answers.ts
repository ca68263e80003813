import { z } from "zod";
import { anything } from "../../harness/interface.ts";
import type { Rpc } from "../../harness/rpc.ts";
import type { Local } from "../../harness/interface.ts";
import { type Look, lookThrough } from "./finding.ts";
import type { Planted } from "./planted.ts";
import { LICENSE_RECIPE } from "./recipe.ts";
import { deadline } from "../../../test/helpers/patience.ts";

const page = z.looseObject({ items: z.array(z.looseObject({})), nextCursor: z.string().nullable() });
const PAGE = 100;
const TIMEOUT_SECONDS = 15;

/** Whom and what is asked for. */
export type Subjects = {
  pool: string;
  testers: readonly string[];
  machines: readonly string[];
};

/** What an admin can read by any call: every view of the testers, their machines, the recipe; events, and metrics. */
export async function lookThroughAnswers(
  planted: Planted,
  { url, adminToken }: Local,
  admin: Rpc,
  subjects: Subjects,
): Promise<Look> {
  const { pool } = subjects;
  const asked: [path: string, input: object | undefined][] = [
    ...subjects.testers.flatMap((username): [string, object][] => [
      ["tester.status", { username, pool }],
      ["tester.log", { username, pool }],
    ]),
    ...subjects.machines.flatMap((id): [string, object][] => [
      ["machine.get", { id }],
      ["machine.timeline", { id }],
    ]),
    ["tester.list", { limit: 500 }],
    ["pool.list", undefined],
    ["pool.get", { name: pool }],
    ["recipe.list", undefined],
    ["recipe.get", { name: LICENSE_RECIPE }],
    ["machine.list", { limit: 500 }],
    ["node.list", undefined],
    ["capacity.report", {}],
    ["token.list", undefined],
    ["sweep.duties", undefined],
    ["installation.check", undefined],
  ];
  const texts: [place: string, text: string][] = [];
  for (const [path, input] of asked) {
    texts.push([path, JSON.stringify(await admin.query(path, input, anything))]);
  }
  const events = await allEvents(admin);
  texts.push(...events.map((text): [string, string] => ["event.list", text]));
  for (const path of ["/metrics", "/admin/v1/assignments", "/admin/v1/events", "/healthz"]) {
    const headers = { authorization: `Bearer ${adminToken}` };
    const answer = await fetch(`${url}${path}`, { headers, signal: deadline(TIMEOUT_SECONDS) });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
    texts.push([path, await answer.text()]);
  }
  const answers = texts.length - events.length;
  return { what: `${answers} answers, ${events.length} events`, findings: lookThrough(planted, texts) };
}

async function allEvents(admin: Rpc): Promise<string[]> {
  const events: string[] = [];
  for (let cursor: string | null = null, more = true; more;) {
    const answer: z.infer<typeof page> = await admin.query(
      "event.list",
      { limit: PAGE, ...(cursor === null ? {} : { cursor }) },
      page,
    );
    events.push(...answer.items.map((event) => JSON.stringify(event)));
    cursor = answer.nextCursor;
    more = cursor !== null;
  }
  return events;
}
