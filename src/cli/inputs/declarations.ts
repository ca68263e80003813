import { readdirSync, statSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import * as z from "zod";
import { labelNodeInput } from "../../contract/node.ts";
import type { PoolSpec } from "../../contract/pool.ts";
import type { Recipe } from "../../contract/recipe.ts";
import { createTokenInput } from "../../contract/token.ts";
import { CliError, EXIT } from "../terminal/exit.ts";
import { fileProblem } from "../terminal/fileProblem.ts";
import { importedPool, importedRecipe, isObject } from "./importFile.ts";
import { checked, fieldIn, readJson, readText } from "./jsonFile.ts";
import { readRecipe } from "./recipeFolder.ts";

/**
 * What `warmpool apply` reads: pools, recipes, labels of nodes and names of tokens, in JSON or YAML. A document is one
 * pool or recipe, a list of them, or an object with `pools`, `recipes`, `nodes` and `tokens`; a folder with recipe.json
 * is a recipe.
 */
const declaredToken = createTokenInput.pick({ name: true, role: true });
const collection = z.strictObject({
  recipes: z.array(importedRecipe).default([]),
  pools: z.array(importedPool).default([]),
  nodes: z.array(labelNodeInput).default([]),
  tokens: z.array(declaredToken).default([]),
});

export type Declared = {
  recipes: Recipe[];
  pools: PoolSpec[];
  nodes: z.infer<typeof labelNodeInput>[];
  tokens: z.infer<typeof declaredToken>[];
};

const KINDS = ["recipes", "pools", "nodes", "tokens"] as const;
const LOOK = "docs/apply.md shows what can be declared.";
const YAML = new Set([".yaml", ".yml"]);

/** @throws CliError (wrong use) naming the file and the field, what is declared twice, or if nothing is declared */
export async function readDeclarations(path: string): Promise<Declared> {
  const all: Declared = { recipes: [], pools: [], nodes: [], tokens: [] };
  const firstIn = new Map<string, string>();
  for (const { file, declared } of await allIn(path)) {
    for (const kind of KINDS) {
      for (const { name } of declared[kind]) {
        const key = `${kind} ${name}`;
        const first = firstIn.get(key);
        if (first !== undefined) {
          const where = first === file ? `in ${file}` : `in ${first} and in ${file}`;
          throw new CliError(EXIT.wrongUse, `the ${kind.slice(0, -1)} ${name} is declared twice, ${where}.`);
        }
        firstIn.set(key, file);
      }
    }
    all.recipes.push(...declared.recipes);
    all.pools.push(...declared.pools);
    all.nodes.push(...declared.nodes);
    all.tokens.push(...declared.tokens);
  }
  if (firstIn.size > 0) return all;
  throw new CliError(EXIT.wrongUse, `${path} declares nothing.`, LOOK);
}

type Part = { file: string; declared: Partial<Declared> };
type Whole = { file: string; declared: Declared };

async function allIn(path: string): Promise<Whole[]> {
  const parts = isFolder(path) ? await folder(path) : await oneFile(path);
  const none: Declared = { recipes: [], pools: [], nodes: [], tokens: [] };
  return parts.map(({ file, declared }) => ({ file, declared: { ...none, ...declared } }));
}

/** Its files by name, and what is in its folders; hidden ones and other files are passed over. */
async function folder(path: string): Promise<Part[]> {
  const names = namesIn(path)
    .filter((name) => !name.startsWith("."))
    .toSorted();
  if (names.includes("recipe.json")) return [{ file: path, declared: { recipes: [readRecipe(path)] } }];
  const parts: Part[] = [];
  for (const name of names) {
    const inside = join(path, name);
    if (isFolder(inside)) parts.push(...(await folder(inside)));
    else if (name.endsWith(".json") || YAML.has(extname(name))) parts.push(...(await oneFile(inside)));
  }
  return parts;
}

/** @throws CliError (wrong use) if the folder cannot be read. */
function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    throw new CliError(EXIT.wrongUse, `cannot read ${path}: ${fileProblem(path, error)}.`);
  }
}

async function oneFile(file: string): Promise<Part[]> {
  if (!YAML.has(extname(file))) return documentParts(file, readJson(file));
  const { yamlDocuments } = await import("./yamlFile.ts");
  // A document of nothing but comments is none.
  return yamlDocuments(file, readText(file)).flatMap((document) =>
    document === null ? [] : documentParts(file, document),
  );
}

function documentParts(file: string, document: unknown): Part[] {
  const at = (path: readonly PropertyKey[]) => fieldIn(file, path);
  if (Array.isArray(document)) return document.flatMap((one) => documentParts(file, one));
  if (isObject(document)) {
    if (KINDS.some((kind) => Object.hasOwn(document, kind)))
      return [{ file, declared: checked(collection, withFolders(file, document), at) }];
    if (Object.hasOwn(document, "steps"))
      return [{ file, declared: { recipes: [checked(importedRecipe, document, at)] } }];
    if (Object.hasOwn(document, "targetSize") || Object.hasOwn(document, "spec"))
      return [{ file, declared: { pools: [checked(importedPool, document, at)] } }];
  }
  throw new CliError(
    EXIT.wrongUse,
    `${file} holds something that is neither a pool nor a recipe, nor an object with pools, recipes, nodes or tokens.`,
    LOOK,
  );
}

/** A recipe may be named by its folder, from the file's own on. */
function withFolders(file: string, document: Record<string, unknown>): Record<string, unknown> {
  const { recipes } = document;
  if (!Array.isArray(recipes)) return document;
  const read = recipes.map((one: unknown) =>
    typeof one === "string" ? readRecipe(join(dirname(file), one)) : one,
  );
  return { ...document, recipes: read };
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // What cannot be looked at is a file that cannot be read, and is reported so.
    return false;
  }
}
