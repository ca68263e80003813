import { randomBytes } from "node:crypto";

/** Names of the databases a test run makes; every one begins with `warmpool_test_`. */
export function templateName(): string {
  return `warmpool_test_template_${randomBytes(5).toString("hex")}`;
}

/** A name that tells a person which test it belonged to; Postgres takes 63 bytes. */
export function cloneName(testName: string): string {
  const words = testName
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .slice(0, 34);
  return `warmpool_test_${words}_${randomBytes(5).toString("hex")}`;
}

/** The URL of another database on the same server. */
export function databaseNamed(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}
