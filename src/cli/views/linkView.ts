import type { SecretLink } from "../../contract/session.ts";
import { oneOf } from "../terminal/listing.ts";
import type { Output } from "../terminal/output.ts";
import { ahead } from "../terminal/time.ts";

export const LINK = oneOf<SecretLink>([
  { title: "URL", value: ({ url }) => url },
  { title: "EXPIRES", value: ({ expiresAt }) => expiresAt },
]);

/** Prints a link that is shown once: alone on its line, for scripts and for copying; what to know of it is a note. */
export function printLink(out: Output, link: SecretLink, about: string): void {
  out.print(link.url);
  out.note(`${about} It ends ${ahead(link.expiresAt, Date.now())}.`);
}
