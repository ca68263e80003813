import type { Rpc } from "../../harness/rpc.ts";
import { assigned } from "../../harness/interface.ts";
import { until } from "../../../test/helpers/until.ts";
import type { Ledger } from "../observer/ledger.ts";
import type { Tester } from "../testers.ts";

/** How long an edge may refuse what writes once its database's address leads to one that takes writes. */
const SECONDS = 10;
const SERVES = `an edge takes writes within ${SECONDS} s of its database being one that does`;

/**
 * Asks for what the tester has, or for a machine, until the edge answers; both write.
 * @param isDisturbed whether something else has happened meanwhile that keeps the edge from answering
 */
export async function judgeServing(
  edge: Rpc,
  { username, key }: Tester,
  ledger: Ledger,
  isDisturbed: () => boolean,
): Promise<void> {
  const input = { username, sshKeys: [key.publicKey] };
  try {
    await until("the edge to take a write", () => edge.mutate("tester.assign", input, assigned), {
      seconds: SECONDS,
      everyMs: 250,
    });
    ledger.looked(SERVES, []);
  } catch (error) {
    const cause =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    if (!isDisturbed()) ledger.looked(SERVES, [`it still says: ${cause}`]);
  }
}
