import { isBuiltin } from "node:module";
import { posix } from "node:path";

/** A part of the tree that the table speaks of: a file, or a folder without the rooms inside it. */
export type Room = {
  /** What the wall keeps apart, in a sentence. */
  why: string;
  /** What to do instead of crossing it, in a sentence. */
  instead: string;
  /** What it may import: rooms, packages by the names that imports use, and `NODE`. */
  may: readonly string[];
  /** What it may import types from, but nothing that exists at run time. */
  types?: readonly string[];
};

/** A package that few files may name, so that no other code depends on it. */
export type Wrapped = { by: readonly string[]; why: string; instead: string };

/** What must follow from the arrows as a whole: from none of these rooms does any path lead there. */
export type Apart = {
  /** Rooms, or folders that stand for all rooms in them. */
  rooms: readonly string[];
  /** Folders, or packages as in a room's `may`. */
  never: readonly string[];
  /** Whether a path over types counts; otherwise only what exists at run time does. */
  evenTypes: boolean;
  why: string;
};

export type Table = {
  rooms: Readonly<Record<string, Room>>;
  /** Folders whose code is installed somewhere: `wrapped` and the ban on development dependencies hold there. */
  shipped: readonly string[];
  wrapped: Readonly<Record<string, Wrapped>>;
  apart: readonly Apart[];
  /** Folders whose rooms lie on floors: no arrows between them lead in a circle. */
  layered: readonly string[];
};

/** The entry that stands for all built-in modules of Node, with and without their prefix. */
export const NODE = "node:";

/** The entry that stands for a module whose name is only known at run time. */
export const COMPUTED = "import(…)";

/** The room of a path, at any depth: the innermost that contains it, or null. */
export function roomOf(path: string, rooms: Table["rooms"]): string | null {
  for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
    const name = path.slice(0, end);
    if (Object.hasOwn(rooms, name)) return name;
  }
  return null;
}

/** The entry of the table that an import of a file falls under; a path in no room is its own. */
export function targetOf(file: string, specifier: string | null, rooms: Table["rooms"]): string {
  if (specifier === null) return COMPUTED;
  if (specifier.startsWith("node:") || isBuiltin(specifier)) return NODE;
  if (!/^\.{1,2}(?:\/|$)/.test(specifier)) return specifier;
  const path = posix.join(posix.dirname(file), specifier);
  return roomOf(path, rooms) ?? path;
}

/** Whether a path is this file or lies in this folder. */
export function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
