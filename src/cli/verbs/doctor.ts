import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import * as z from "zod";
import type { WarmpoolClient } from "../../client/index.ts";
import { unknown } from "../doctor/check.ts";
import type { Check } from "../doctor/check.ts";
import {
  callerCheck,
  clocksCheck,
  databaseCheck,
  dutiesCheck,
  migrationsCheck,
  reach,
  refused,
  tokensCheck,
} from "../doctor/edge.ts";
import { localFile, relayFolder, sshProgram } from "../doctor/here.ts";
import { nodesCheck } from "../doctor/node.ts";
import { poolsCheck } from "../doctor/pool.ts";
import { reportLines } from "../doctor/report.ts";
import { secretKeyCheck } from "../doctor/secretKey.ts";
import { EXIT } from "../terminal/exit.ts";
import { packageVersion } from "../session/packageVersion.ts";
import { inWords, printed, withSession } from "../session/session.ts";
import type { Listing } from "../terminal/listing.ts";
import type { Cli, Session } from "../session/session.ts";

/** `warmpool doctor`: looks at every part that has to be right, and says how to mend what is not. */
export function doctor(program: Command, cli: Cli): void {
  program
    .command("doctor")
    .description("check the installation, and show how to fix what is wrong")
    .addHelpText(
      "after",
      "\nIt exits with 1 if something is wrong.\nWith --json it prints its findings, { ok, checks }.",
    )
    .action(withSession(cli, examine, FINDINGS));
}

const FINDINGS: Listing<{ checks: Check[] }, Check> = {
  columns: [
    { title: "CHECK", value: ({ name }) => name, keep: true },
    { title: "STATE", value: ({ state }) => state },
    { title: "MESSAGE", value: ({ message }) => message },
    { title: "FIX", value: ({ fix }) => fix },
  ],
  rows: ({ checks }) => checks,
};

async function examine(session: Session): Promise<void> {
  const { url, stateDir, out } = session;
  const { checks: reached, silent } = await reach(url);
  const checks: Check[] = [
    ...localFile(stateDir, url),
    ...reached,
    ...(silent === null
      ? await answers(session)
      : [unknown("the rest", `not checked, because the ${silent} does not respond`)]),
    sshProgram(),
    ...["local-relay", "relay"].flatMap((name) => relayFolder(join(stateDir, name))),
  ];
  const wrongs = checks.filter(({ state }) => state === "wrong").length;
  if (!printed(session, { ok: wrongs === 0, checks }, FINDINGS)) {
    const shown = checks.map((check) => said(check, session));
    out.print(...reportLines(shown, out));
  }
  if (wrongs > 0) session.cli.exitCode = EXIT.failed;
}

/** With commands and times in the form that this command line uses. */
function said(check: Check, session: Session): Check {
  const message = inWords(session, check.message);
  return check.state === "wrong"
    ? { ...check, message, fix: inWords(session, check.fix) }
    : { ...check, message };
}

async function answers({ client, url }: Session): Promise<Check[]> {
  const began = performance.now();
  const asked = await client.installation.check.query().catch((error: unknown) => refused(error, url));
  if ("state" in asked) {
    const why = asked.name === "token" ? "requires a token with the role admin or viewer" : BLOCKED;
    return [asked, unknown("the rest", why)];
  }
  const tookSeconds = (performance.now() - began) / 1000;
  const here = Date.now();
  const migrations = migrationsCheck(asked, journal());
  return [
    callerCheck(asked),
    databaseCheck(asked),
    migrations,
    clocksCheck(asked, here, tookSeconds),
    secretKeyCheck(asked),
    ...(await operated(client, (duties, tokens, nodes, pools) => [
      dutiesCheck(duties, here),
      tokensCheck(tokens, here),
      ...nodesCheck(nodes, asked, packageVersion(), here),
      ...poolsCheck(pools),
    ]).catch((error: unknown) => {
      // A database that lacks a migration may answer the first question and none of these.
      const why = refused(error, url);
      return [
        why.name === migrations.name && migrations.state === "wrong" ? unknown("the rest", BLOCKED) : why,
      ];
    })),
  ];
}

const BLOCKED = "not checked until that is fixed";

type Lists = [
  Awaited<ReturnType<WarmpoolClient["sweep"]["duties"]["query"]>>,
  Awaited<ReturnType<WarmpoolClient["token"]["list"]["query"]>>,
  Awaited<ReturnType<WarmpoolClient["node"]["list"]["query"]>>,
  Awaited<ReturnType<WarmpoolClient["pool"]["list"]["query"]>>,
];

async function operated(client: WarmpoolClient, judge: (...lists: Lists) => Check[]): Promise<Check[]> {
  return judge(
    ...(await Promise.all([
      client.sweep.duties.query(),
      client.token.list.query(),
      client.node.list.query(),
      client.pool.list.query(),
    ])),
  );
}

const journalFile = z.object({ entries: z.array(z.object({ when: z.number() })) });

/** When each migration of this package was written, in order. */
function journal(): number[] {
  const text = readFileSync(new URL("../../../drizzle/meta/_journal.json", import.meta.url), "utf8");
  return journalFile.parse(JSON.parse(text)).entries.map(({ when }) => when);
}
