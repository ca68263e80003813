import { COMMON_CODES, procedures } from "../../src/api/procedures.ts";
import type { ErrorCode } from "../../src/contract/errors.ts";
import { HTTP_STATUS } from "../../src/domain/core/errors.ts";

/** docs/procedures.md: who may call what under /trpc, and what it can answer. */
export function proceduresDocument(): string {
  const withStatus = (code: ErrorCode) => `\`${code}\` ${HTTP_STATUS[code]}`;
  const common = new Set<ErrorCode>(COMMON_CODES);
  const lines = procedures().map(({ path, type, roles, codes }) => {
    const own = codes.filter((code) => !common.has(code)).map(withStatus);
    return `| \`${path}\` | ${type} | ${roles.join(", ")} | ${own.join(", ") || "–"} |`;
  });
  return [
    "# Procedures\n",
    "What there is under `/trpc`, whose tokens open it, and what it answers when it refuses: `data.code` with its HTTP",
    `status. Every one can also answer ${COMMON_CODES.map(withStatus).join(", ")}. What the codes mean: [codes](codes.md).\n`,
    "A `viewer` reads what an admin can read and changes nothing. `node` is a relay's own credential, `join` the one-time",
    "token that gets it one.\n",
    "| procedure | kind | roles | refuses with |",
    "|---|---|---|---|",
    ...lines,
    "",
  ].join("\n");
}
