// Runs a program of this checkout, built into one file first (built.js), as if Node had been given its source:
//
//   node bin/run.js src/server.ts [argument …]
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { built } from "./built.js";

// The program finds itself and its arguments where it would without this.
process.argv.splice(1, 2, resolve(process.argv[2]));
await import(await built(pathToFileURL(process.argv[1])));
