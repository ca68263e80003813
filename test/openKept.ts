import { startPostgres } from "../src/stack/postgres.ts";

/** Serves the databases that a failed test run kept, until Ctrl-C: `node test/openKept.ts FOLDER`. */
const folder = process.argv[2];
if (folder === undefined) {
  console.error("usage: node test/openKept.ts FOLDER (the folder that the failed run named)");
  process.exit(2);
}
const server = await startPostgres({ folder, keep: "throwaway" });
console.log(`psql ${server.url}\nCtrl-C stops the server; the folder stays until you remove it.`);
const open = setInterval(() => undefined, 60_000);
process.once("SIGINT", () => {
  clearInterval(open);
  void server[Symbol.asyncDispose]();
});
