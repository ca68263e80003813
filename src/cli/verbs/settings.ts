import type { Command } from "commander";
import { SETTING_BOUNDS } from "../../contract/settings.ts";
import type { InstallationSettings } from "../../contract/settings.ts";
import { expectAtLeastOne } from "../inputs/atLeastOne.ts";
import { answer, answerInWords, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { oneOf } from "../terminal/listing.ts";
import { daysWithin, duration, durationWithin } from "../terminal/time.ts";

type Given = {
  orphanKeep?: number;
  extendCeiling?: number;
  waitingTooLong?: number;
  eventRetention?: number;
  historyRetention?: number;
};

/** `warmpool settings get|put`: what an operator tunes for the whole installation. */
export function settings(program: Command, cli: Cli): void {
  const verb = program.command("settings").description("settings of the whole installation");
  verb
    .command("get")
    .description("show all settings")
    .action(withSession(cli, get, SETTINGS));
  verb
    .command("put")
    .description("change the given settings")
    .option(
      "--orphan-keep <duration>",
      "how long an orphan is kept, stopped, before it is deleted (such as 3d)",
      durationWithin(SETTING_BOUNDS.orphanKeepSeconds),
    )
    .option(
      "--extend-ceiling <duration>",
      "how long an assignment can be made to last by extending it (such as 60d)",
      durationWithin(SETTING_BOUNDS.extendCeilingSeconds),
    )
    .option(
      "--waiting-too-long <duration>",
      "how long a tester waits until the webhook reports it (such as 5m)",
      durationWithin(SETTING_BOUNDS.waitingTooLongSeconds),
    )
    .option(
      "--event-retention <duration>",
      "how long events are kept, in whole days (such as 90d)",
      daysWithin(SETTING_BOUNDS.eventRetentionDays),
    )
    .option(
      "--history-retention <duration>",
      "how long the samples of pools are kept for charts, in whole days (such as 90d)",
      daysWithin(SETTING_BOUNDS.historyRetentionDays),
    )
    .action(withSession(cli, put));
}

/** In less time, no person has read what `status` reports of an orphan. */
const SHORT_KEEP_SECONDS = 3600;

async function get(session: Session): Promise<void> {
  answer(session, await session.client.settings.get.query(), lines, SETTINGS);
}

async function put(session: Session, options: Given): Promise<void> {
  const given = {
    orphanKeepSeconds: options.orphanKeep,
    extendCeilingSeconds: options.extendCeiling,
    waitingTooLongSeconds: options.waitingTooLong,
    eventRetentionDays: options.eventRetention,
    historyRetentionDays: options.historyRetention,
  };
  expectAtLeastOne(Object.values(given), [
    ...["--orphan-keep", "--extend-ceiling", "--waiting-too-long"],
    ...["--event-retention", "--history-retention"],
  ]);
  const after = await session.client.settings.put.mutate(given);
  answerInWords(session, after, lines);
  if (given.orphanKeepSeconds !== undefined && given.orphanKeepSeconds < SHORT_KEEP_SECONDS)
    session.out.note(
      "Warning: nobody has time to notice an orphan that belongs to somebody, such as a restored copy, before it is deleted with its data. docs/orphans.md explains what is kept in any case.",
    );
}

function lines(settings: InstallationSettings): string[] {
  return [
    `Orphans are kept, stopped, for ${duration(settings.orphanKeepSeconds)} before they are deleted.`,
    `Assignments can be extended to ${duration(settings.extendCeilingSeconds)} at most.`,
    `The webhook reports testers who have waited for over ${duration(settings.waitingTooLongSeconds)}.`,
    `Events and finished operations are kept for ${days(settings.eventRetentionDays)}.`,
    `The samples of pools, for charts, are kept for ${days(settings.historyRetentionDays)}.`,
  ];
}

function days(count: number): string {
  return count === 1 ? "1 day" : `${count} days`;
}

const SETTINGS = oneOf<InstallationSettings>([
  { title: "ORPHAN KEEP", value: ({ orphanKeepSeconds }) => orphanKeepSeconds, align: "right" },
  { title: "EXTEND CEILING", value: ({ extendCeilingSeconds }) => extendCeilingSeconds, align: "right" },
  { title: "WAITING TOO LONG", value: ({ waitingTooLongSeconds }) => waitingTooLongSeconds, align: "right" },
  { title: "EVENT DAYS", value: ({ eventRetentionDays }) => eventRetentionDays, align: "right" },
  { title: "HISTORY DAYS", value: ({ historyRetentionDays }) => historyRetentionDays, align: "right" },
]);
