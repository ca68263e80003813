import type { SecretLink } from "../../contract/session.ts";
import type { Output } from "../terminal/output.ts";
import { ahead } from "../terminal/time.ts";

/** Prints a link that is shown once: alone on its line, for scripts and for copying; what to know of it is a note. */
export function printLink(
  { json, out }: { json: boolean; out: Output },
  link: SecretLink,
  about: string,
): void {
  if (json) return out.json(link);
  out.print(link.url);
  out.note(`${about} It ends ${ahead(link.expiresAt, Date.now())}.`);
}
