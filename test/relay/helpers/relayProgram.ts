import { runProcess } from "../../../src/cli/main.ts";

/** `npx warmpool relay`, for those who start it again and again (test/programs.ts). */
process.argv.splice(2, 0, "relay");
await runProcess();
