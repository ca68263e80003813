import type { Command } from "commander";
import type { WebhookDelivery, WebhookView } from "../../contract/webhookDelivery.ts";
import { answer, answerInWords, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { wholeNumber } from "../inputs/wholeNumber.ts";
import { EXIT } from "../terminal/exit.ts";
import { more, since } from "../terminal/listing.ts";
import type { Listing } from "../terminal/listing.ts";
import { table } from "../terminal/table.ts";
import type { Column } from "../terminal/table.ts";
import { clean, wrap } from "../terminal/text.ts";
import { ahead } from "../terminal/time.ts";

/** `warmpool webhook get|test`: where messages go, what happened to them, and whether they arrive. */
export function webhook(program: Command, cli: Cli): void {
  const verb = program.command("webhook").description("the webhook and its messages");
  verb
    .command("get")
    .description("show the receiver, and its answers to the latest messages, the last tried first")
    .option("--limit <count>", "maximum number of messages (default: 50; at most 500)", wholeNumber)
    .action(withSession(cli, get, DELIVERIES));
  verb
    .command("test")
    .description("send a test message, and show the receiver's answer. It fails if it is not accepted")
    .action(withSession(cli, test));
}

async function get(session: Session, { limit }: { limit?: number }): Promise<void> {
  const view = await session.client.webhook.get.query(limit === undefined ? {} : { limit });
  answer(
    session,
    view,
    ({ deliveries }) => [
      ...receiverText(view).flatMap((sentence) => wrap(clean(sentence), session.out.columns)),
      ...(deliveries.length === 0
        ? ["No message yet."]
        : table(COLUMNS, deliveries, session.out.tableColumns)),
    ],
    DELIVERIES,
  );
}

async function test(session: Session): Promise<void> {
  const delivery = await session.client.webhook.test.mutate();
  answerInWords(session, delivery, ({ state, httpStatus, error }) => [
    state === "delivered"
      ? `The receiver accepted the test message: it responded with ${httpStatus}.`
      : `The test message was not accepted: ${error}.`,
  ]);
  if (delivery.state !== "delivered") session.cli.exitCode = EXIT.failed;
}

function receiverText({ receiver, pending }: WebhookView): string[] {
  if (receiver === null)
    return ["No webhook is configured. Set WARMPOOL_WEBHOOK_URL and WARMPOOL_WEBHOOK_SECRET for the edge."];
  const { origin, problem, gone, pausedUntil } = receiver;
  if (problem !== null) return [`The settings of the webhook are wrong: ${problem}.`];
  if (gone)
    return [
      `The receiver at ${origin} has responded with 410: nothing is sent to it any more. To start again, add a fragment (#2) to WARMPOOL_WEBHOOK_URL.`,
    ];
  return [
    `Messages go to ${origin}; ${pending} not delivered yet.`,
    ...(pausedUntil === null
      ? []
      : [`The receiver fails: the next message is sent ${ahead(pausedUntil, Date.now())}.`]),
  ];
}

const COLUMNS: Column<WebhookDelivery>[] = [
  since("TRIED", ({ triedAt }) => triedAt),
  { title: "TYPE", value: ({ type }) => type, keep: true },
  { title: "STATE", value: ({ state }) => state, keep: true },
  {
    title: "ANSWER",
    value: ({ httpStatus, triedAt }) => httpStatus ?? (triedAt === null ? null : "none"),
    raw: ({ httpStatus }) => httpStatus,
    whole: true,
  },
  { title: "TRIES", value: ({ attempts }) => attempts, align: "right" },
  { title: "ABOUT", value: ({ username, pool }) => username ?? pool },
  { title: "ERROR", value: ({ error }) => error ?? "", raw: ({ error }) => error, text: true },
  more("POOL", ({ pool }) => pool),
  more("CREATED", ({ createdAt }) => createdAt),
  more("NEXT", ({ nextAttemptAt }) => nextAttemptAt),
  more("ID", ({ id }) => id),
];
const DELIVERIES: Listing<WebhookView, WebhookDelivery> = {
  columns: COLUMNS,
  rows: ({ deliveries }) => deliveries,
};
