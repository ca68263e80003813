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
    "The procedures under `/trpc`, the roles that may call them, and the errors that they return: `data.code` with its HTTP",
    `status. Every procedure can also return ${COMMON_CODES.map(withStatus).join(", ")}. The codes are explained in [codes](codes.md).\n`,
    "A `viewer` can read everything that an admin can, and change nothing. `node` is a relay's own credential, `join` the one-time",
    "token with which it gets one.\n",
    "| procedure | kind | roles | refuses with |",
    "|---|---|---|---|",
    ...lines,
    "",
  ].join("\n");
}
