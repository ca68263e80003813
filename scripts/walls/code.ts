import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** Files of code by their path from the root, with `/` between folders, and their text. */
export type Code = ReadonlyMap<string, string>;

const CODE = /\.[cm]?[jt]sx?$/;

/** Folders that hold nothing written by hand; those whose name begins with a dot are left out too. */
const NOT_OURS = new Set(["node_modules", "dist"]);

/** Reads all code below `root`, whether or not it has been committed. */
export function readCode(root: string): Code {
  const tree = new Map<string, string>();
  const visit = (folder: string) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!entry.name.startsWith(".") && !NOT_OURS.has(entry.name)) visit(path);
      } else if (entry.isFile() && CODE.test(entry.name)) {
        tree.set(path, readFileSync(join(root, path), "utf8"));
      }
    }
  };
  visit("");
  return tree;
}

const packageFile = z.object({ devDependencies: z.record(z.string(), z.string()) });

/** Names of the packages that only development has. */
export function readDevelopment(root: string): ReadonlySet<string> {
  const { devDependencies } = packageFile.parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
  return new Set(Object.keys(devDependencies));
}
