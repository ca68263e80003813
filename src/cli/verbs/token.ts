import { Option } from "commander";
import type { Command } from "commander";
import * as z from "zod";
import { ISSUED_ROLES, TOKEN_LIFE } from "../../contract/token.ts";
import type { CreatedToken, IssuedRole, TokenView } from "../../contract/token.ts";
import { destroying, mayDestroy } from "../session/destroy.ts";
import type { DestroyOptions } from "../session/destroy.ts";
import { answer, answerInWords, next, printed, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { CliError, EXIT } from "../terminal/exit.ts";
import { table } from "../terminal/table.ts";
import type { Column } from "../terminal/table.ts";
import { listOf, more, oneOf } from "../terminal/listing.ts";
import { ago, coarse, duration, durationWithin } from "../terminal/time.ts";

type CreateOptions = { role: IssuedRole; expires?: number };

/** `warmpool token create|list|revoke`. */
export function token(program: Command, cli: Cli): void {
  const verb = program.command("token").description("tokens of the main app, admins and viewers");
  verb
    .command("create")
    .description("create a token. It is printed once, on a line of its own")
    .argument("<name>", "a name to recognize it by")
    .addOption(
      new Option("--role <role>", "what it may do; a viewer reads everything and changes nothing")
        .choices(ISSUED_ROLES)
        .default("app"),
    )
    .option(
      "--expires <duration>",
      "how long it is valid, such as 90d (default: until revoked)",
      durationWithin(TOKEN_LIFE),
    )
    .action(withSession(cli, create, CREATED));
  verb
    .command("list")
    .description("list tokens, without their text: who has one, and when it was last used")
    .action(withSession(cli, list, TOKENS));
  destroying(verb.command("revoke"), "never")
    .description("revoke a token immediately")
    .argument("<id>", "its fingerprint or its name, as list shows them, or its id")
    .action(withSession(cli, revoke));
}

async function create(session: Session, name: string, { role, expires }: CreateOptions): Promise<void> {
  const created = await session.client.token.create.mutate({
    name,
    role,
    ...(expires === undefined ? {} : { expiresInSeconds: expires }),
  });
  if (printed(session, created, CREATED)) return;
  session.out.print(created.token);
  const until = expires === undefined ? "until it is revoked" : `for ${duration(expires)}`;
  session.out.note(
    `The token "${created.name}" (${created.role}) is valid ${until}. Only its hash is stored, so it cannot be shown again.`,
  );
}

async function list(session: Session): Promise<void> {
  const tokens = await session.client.token.list.query();
  answer(
    session,
    tokens,
    (all) =>
      all.length === 0
        ? [`No token yet. Create one: \`${next(session, "token", "create", "NAME")}\``]
        : table(COLUMNS, all, session.out.tableColumns),
    TOKENS,
  );
}

async function revoke(session: Session, given: string, options: DestroyOptions): Promise<void> {
  const { id, text } = meant(await session.client.token.list.query(), given);
  const goes = async () => [`The token ${text} would be revoked.`];
  if (!(await mayDestroy(session, options, { goes, bare: true }))) return;
  const revoked = await session.client.token.revoke.mutate({ id });
  answerInWords(session, revoked, (one) => [`The token "${one.name}" (${one.role}) is revoked.`]);
}

/**
 * The token that a person means by its fingerprint, its id, or its name if no other valid one has it. An id that is not
 * listed is for the API to judge.
 * @throws CliError if several tokens have that fingerprint or name, or none
 */
function meant(tokens: TokenView[], given: string): { id: string; text: string } {
  const [found, ...others] = tokens.filter(({ id, fingerprint }) => id === given || fingerprint === given);
  if (others.length > 0) {
    throw new CliError(
      EXIT.conflict,
      `${others.length + 1} tokens have the fingerprint ${given}.`,
      "Give the id instead; `warmpool token list --json` shows it.",
    );
  }
  const meantToken = found ?? named(tokens, given);
  if (meantToken !== null) return { id: meantToken.id, text: `"${meantToken.name}" (${meantToken.role})` };
  if (z.uuid().safeParse(given).success) return { id: given, text: given };
  throw new CliError(
    EXIT.notFound,
    `no valid token has the fingerprint or the name ${given}.`,
    "`warmpool token list` shows them.",
  );
}

/** Names need not be unique, and those of revoked tokens may be used again. */
function named(tokens: TokenView[], name: string): TokenView | null {
  const [found, ...others] = tokens.filter((one) => one.name === name && one.state === "valid");
  if (others.length === 0) return found ?? null;
  throw new CliError(
    EXIT.conflict,
    `${others.length + 1} valid tokens have the name ${name}.`,
    "Give the fingerprint instead; `warmpool token list` shows it.",
  );
}

const COLUMNS: Column<TokenView>[] = [
  { title: "FINGERPRINT", value: ({ fingerprint }) => fingerprint, keep: true },
  { title: "ROLE", value: ({ role }) => role, keep: true },
  { title: "STATE", value: stateText, raw: ({ state }) => state, keep: true },
  { title: "USED", value: usedText, raw: ({ lastUsedAt }) => lastUsedAt, whole: true },
  { title: "NAME", value: ({ name }) => name, text: true },
  more("NODE", ({ node }) => node),
  more("MADE", ({ createdAt }) => createdAt),
  more("EXPIRES", ({ expiresAt }) => expiresAt),
  more("REVOKED", ({ revokedAt }) => revokedAt),
  more("ID", ({ id }) => id),
];
const TOKENS = listOf(COLUMNS);

const CREATED = oneOf<CreatedToken>([
  { title: "TOKEN", value: ({ token }) => token, keep: true },
  { title: "NAME", value: ({ name }) => name },
  { title: "ROLE", value: ({ role }) => role },
  { title: "EXPIRES", value: ({ expiresAt }) => expiresAt },
  { title: "FINGERPRINT", value: ({ fingerprint }) => fingerprint },
  { title: "ID", value: ({ id }) => id },
]);

function usedText({ lastUsedAt }: TokenView): string {
  return lastUsedAt === null ? "never" : ago(lastUsedAt, Date.now());
}

function stateText({ state, expiresAt }: TokenView): string {
  if (state !== "valid" || expiresAt === null) return state;
  return `${coarse((Date.parse(expiresAt) - Date.now()) / 1000)} left`;
}
