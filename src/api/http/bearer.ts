/** The bearer token of an Authorization header, null where there is none of that form. */
export function bearerOf(header: string | undefined): string | null {
  return /^Bearer ([\x21-\x7e]{1,200})$/i.exec(header ?? "")?.[1] ?? null;
}
