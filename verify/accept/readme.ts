/** The README and the pages it leads to first, as their reader has them: commands to type, in order, in one folder. Pure. */

/** From the first start to the operator's day, in the order in which their commands build on each other. */
export const PAGES = ["README.md", "docs/recipes.md", "docs/production.md", "docs/operating.md"] as const;

/** The programs of a document's TypeScript blocks. */
export function programsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, block]) => block ?? "");
}

/** The commands of a document's shell blocks, one for each line; a line that goes on after a backslash is one. */
export function commandsOf(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block ?? "");
  return blocks.flatMap((block) =>
    block
      .replaceAll(/\\\n\s*/g, "")
      .split("\n")
      .filter((line) => line.trim() !== ""),
  );
}

export type Typed = {
  /** How the command begins in its page. */
  begins: string;
  /** What its page says that it shows. */
  shows: RegExp[];
  /** It needs machines with accounts of their own, which the local driver makes as root. */
  asRoot?: true;
  /** It runs until it is ended, beside those that follow. */
  stays?: true;
  /** What it shows comes within moments: it is typed again until then. */
  settles?: true;
  /** What is typed into it. */
  input?: string;
  /** What its page says that then works or holds. */
  after?: readonly After[];
};

/** Another command, in which `$1` is what `of` finds in what the first one showed. */
export type After = Pick<Typed, "shows" | "settles" | "input"> & { command: string; of?: RegExp };

/** Every command of these pages, in their order. A new one there needs a line here: what does it show? */
export const TYPED: readonly Typed[] = [
  {
    begins: "npm ci && npm start",
    shows: [
      /^Warmpool is ready at http:.*\nDashboard: http:\/\/\S+\/\?code=\S+$/m,
      /^Next: npx warmpool assign alice /m,
    ],
    stays: true,
  },
  { begins: "ssh-keygen ", shows: [/alice_key\.pub/] },
  {
    begins: "npx warmpool assign alice --key alice_key.pub",
    shows: [/warmpool ssh alice/, /^url +http:/m],
    after: [
      { command: "$1", of: /^log in +(npx warmpool ssh .*)$/m, input: "echo $((6 * 7))\n", shows: [/^42$/m] },
      { command: "curl -fsS $1", of: /^url +(http:\S+)$/m, shows: [/\S/] },
    ],
  },
  { begins: "npx warmpool ssh alice", input: "echo $((6 * 7)) $USER\n", shows: [/^42 [a-z]/m] },
  { begins: "npx warmpool status", shows: [/^demo +3\/3 +0 +0 +1 .* default$/m], settles: true },
  {
    begins: "npx warmpool release alice",
    shows: [/is released/],
    after: [{ command: "npx warmpool status", shows: [/^demo +3\/3 +0 +0 +0 +0 +0 /m], settles: true }],
  },
  { begins: "npx warmpool recipe push recipes/hero", shows: [/Recipe hero is stored/] },
  { begins: "npx warmpool pool get demo --json", shows: [] },
  { begins: "npx warmpool pool put demo.json", shows: [/^recipe +hero$/m] },
  { begins: "curl ", shows: [/^[0-9a-f]{64} {2}install\.sh$/m] },
  { begins: "npx warmpool assign alice --key ~/", shows: [/^alice has /m], asRoot: true },
  { begins: "npx warmpool node enroll n1", shows: [/wp_join_[\w-]+/] },
  { begins: "npx warmpool relay join ", shows: [/Joined as node n1/] },
  { begins: "npx warmpool relay run ", shows: [/Serving node=n1/], stays: true },
  { begins: "npx warmpool status", shows: [/^n1 +online/m], settles: true },
  { begins: "npx warmpool capacity", shows: [/ more of .* fit/, /^TAKES /m] },
  { begins: "npx warmpool pool plan demo.json", shows: [/The spec would not change/] },
  { begins: "npx warmpool machine timeline ", shows: [/known good/] },
  { begins: "npx warmpool machine hold ", shows: [/ is held: /] },
  { begins: "npx warmpool node drain ", shows: [/No more machines are created on n1/] },
  { begins: "npx warmpool token create main-app", shows: [/^wp_app_/m] },
  { begins: "npx warmpool events --follow", shows: [/n1/], stays: true },
  { begins: "npx warmpool doctor", shows: [/^ok +edge/m, /^Nothing is wrong/m], settles: true },
];

/** What a reader puts in the place of what stands for something; and what a run without the network does instead. */
export type Own = {
  start: string;
  url: string;
  joinToken: string;
  driver: string;
  installer: { url: string; checksum: string };
  machine: string;
};

/** README's program as it is run in a checkout, which has no built package: with the key of the reader, and the client's source. */
export function programFor(program: string, url: string): string {
  const filled = program
    .replace('"warmpool/client"', '"./src/client/index.ts"')
    .replace("https://warmpool.example.com", url);
  return [
    'import { readFileSync } from "node:fs";',
    'const publicKey = readFileSync("alice_key.pub", "utf8");',
    filled,
    "console.log(`${assignment.username}: ${assignment.state}`);",
    "",
  ].join("\n");
}

/** The command as it is typed. */
export function filledIn(command: string, own: Own): string {
  return command
    .replace("npm ci && npm start", own.start)
    .replaceAll("https://warmpool.example.com", own.url)
    .replace(/wp_join_…/, own.joinToken)
    .replace("--driver incus", `--driver ${own.driver}`)
    .replaceAll("https://example.com/hero/install.sh", own.installer.url)
    .replace("sha256:…", `sha256:${own.installer.checksum}`)
    .replace("~/.ssh/id_ed25519.pub", "alice_key.pub")
    .replace(/(machine \w+) NAME/, `$1 ${own.machine}`)
    .replace(/(node \w+) NAME/, "$1 n1");
}
