import { NODE_SETTING_BOUNDS } from "../../src/contract/nodeSettings.ts";
import { SETTING_BOUNDS, type SettingName } from "../../src/contract/settings.ts";
import { SETTINGS } from "../../src/domain/core/limits.ts";
import { DEFAULTS } from "../../src/domain/core/settings.ts";

/** docs/settings.md: what an operator tunes, and why each default is what it is. */
type About = {
  /** An example of how it is set at the command line. */
  option: string;
  meaning: string;
  why: string;
};

const INSTALLATION: Record<SettingName, About> = {
  eventRetentionDays: {
    option: "--event-retention 90d",
    meaning:
      "How long events are kept (`warmpool events`, the timeline of a machine), and with them finished operations, messages of the webhook that have ended, and tokens that open nothing any more. Metrics lose nothing: what was not counted yet is kept.",
    why: "Questions about who had which machine, and why it was replaced, come within weeks. Events are most of what the database grows by: keep them for longer if you have to by your own rules.",
  },
  historyRetentionDays: {
    option: "--history-retention 90d",
    meaning:
      "How long the samples of each pool are kept, of which the [dashboard](dashboard.md) draws its charts and `pool.history` tells: one a minute for a day, then one in ten minutes.",
    why: "A month shows the rhythm of weeks. Each pool takes 144 rows a day, which charts read; for longer times than that Prometheus is the better place ([metrics](metrics.md)).",
  },
  orphanKeepSeconds: {
    option: "--orphan-keep 3d",
    meaning:
      "How long an orphan is kept after it was stopped, before it is deleted ([orphans](orphans.md)). 0 deletes it as soon as it is stopped.",
    why: "Whoever misses a machine notices within a working day. Until then it takes only disk, because it is stopped.",
  },
  extendCeilingSeconds: {
    option: "--extend-ceiling 60d",
    meaning:
      "How long an assignment can be made to last by extending it, by anybody, counted from `activeAt`. Testers on their own page are also bound by `testerTtlSeconds` of the pool. Assignments that last longer already keep their time.",
    why: "A machine that was extended and then forgotten takes room for a month at most. Whoever needs one for longer can extend it again once a month, or be given an assignment without an end.",
  },
  waitingTooLongSeconds: {
    option: "--waiting-too-long 5m",
    meaning:
      "How long a tester waits for a machine until the webhook sends `assignment.waiting` ([webhook](webhook.md)). The sweep looks once a minute, so the message can be that much later.",
    why: "A create that takes longer than the default `bootTimeoutSeconds` (600) is given up: who has waited for longer than that waits for more than one create. Lower it if creates take seconds.",
  },
};

type NodeSettingName = keyof typeof NODE_SETTING_BOUNDS;
const NODE: Record<NodeSettingName, About & { default: number }> = {
  concurrency: {
    option: "--concurrency 4",
    default: SETTINGS.nodeConcurrency,
    meaning:
      "How many creates and deletes the node works on at a time. Estimates, the runway and the plan of a pool use it, and so does placement: as many machines boot at once, and each takes more memory while it boots.",
    why: "Each create reads an image and writes a disk: two keep one disk busy, and more make each slower. A driver whose machines are created elsewhere, such as in a cloud, names a higher default (`concurrency` in its `capacity`, [drivers](drivers.md)). Raise it if creates take long and the node is idle in the meantime.",
  },
  silenceSeconds: {
    option: "--silence-seconds 120",
    default: SETTINGS.silenceSeconds,
    meaning:
      "After how long without a word from its relay the node is silent: its machines are not handed out, and what it lacks is created elsewhere. Nothing of it is torn down.",
    why: "A relay speaks at least every 25 s, so three calls in a row must fail. A shorter time moves testers away from a lost node sooner; a longer one suits a node whose network is often away for minutes.",
  },
};

export function settingsDocument(): string {
  return [
    "# Settings\n",
    "What an operator can change while Warmpool runs. A change applies from the next decision on, is recorded as an event, and",
    "needs a token of role `admin`. Everything else that is a constant is in src/domain/core/limits.ts.\n",
    "```sh",
    "npx warmpool settings get",
    "npx warmpool settings put --extend-ceiling 60d",
    "npx warmpool node set n1 --concurrency 4",
    "npx warmpool node set n1 --concurrency default",
    "```\n",
    "## Of the installation\n",
    "`warmpool settings put`, `PUT /admin/v1/settings`, `settings.put`. Settings that are not named stay as they are.\n",
    ...table(
      Object.entries(INSTALLATION).map(([name, about]) => ({
        name,
        ...about,
        default: DEFAULTS[name as SettingName],
        ...SETTING_BOUNDS[name as SettingName],
      })),
    ),
    "",
    "## Of a node\n",
    "`warmpool node set NODE`, `POST /admin/v1/nodes/NODE/set`, `node.set`. Settings that are not named stay as they are; `null`, or",
    "`default` at the command line, restores the default. A node that is removed loses its settings.\n",
    ...table(
      Object.entries(NODE).map(([name, about]) => ({
        name,
        ...about,
        ...NODE_SETTING_BOUNDS[name as NodeSettingName],
      })),
    ),
    "",
  ].join("\n");
}

function table(settings: (About & { name: string; default: number; min: number; max: number })[]): string[] {
  return [
    "| setting | option | what it sets | default | from, to | why this default |",
    "|---|---|---|---|---|---|",
    ...settings.map(
      ({ name, option, meaning, min, max, why, ...one }) =>
        `| \`${name}\` | \`${option}\` | ${meaning} | ${said(name, one.default)} | ${said(name, min)}, ${said(name, max)} | ${why} |`,
    ),
  ];
}

const UNITS = [
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
] as const;

/** A number with its unit; long times in seconds as people say them too. */
function said(name: string, value: number): string {
  if (name.endsWith("Days")) return `${value} ${value === 1 ? "day" : "days"}`;
  if (!name.endsWith("Seconds")) return String(value);
  const [unit, word] = UNITS.find(([each]) => value >= each && value % each === 0) ?? [1, "second"];
  if (unit === 1) return `${value} s`;
  const count = value / unit;
  return `${value} s (${count} ${word}${count === 1 ? "" : "s"})`;
}
