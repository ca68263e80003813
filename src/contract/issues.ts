type Issue = { readonly path: readonly PropertyKey[]; readonly message: string };

/** Nobody reads more of it, and a name in it may be as long as a body. */
const LONGEST = 2000;

/** What a schema refuses: `sshKeys[1]: is a private key; …`, one sentence an issue, five at most. */
export function sayIssues({ issues }: { readonly issues: readonly Issue[] }): string {
  return issues
    .slice(0, 5)
    .map((issue) => `${where(issue.path) || "input"}: ${issue.message}`)
    .join("; ")
    .slice(0, LONGEST);
}

function where(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === "number" ? `${text}[${part}]` : text === "" ? String(part) : `${text}.${String(part)}`,
    "",
  );
}
