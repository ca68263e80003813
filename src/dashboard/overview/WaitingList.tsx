import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import type { Assignment } from "../../contract/assignment.ts";
import { Card, Table } from "../parts/Layout.tsx";
import { Ago } from "../parts/Time.tsx";
import { queries } from "../server/queries.ts";
import { duration } from "../text/time.ts";

const MOST = 12;

/** Who waits, and for how long still. */
export function WaitingList() {
  const { data } = useQuery(queries.testers());
  const waiting = (data ?? [])
    .filter(({ state }) => state === "waiting")
    .toSorted((one, other) => (one.queue?.position ?? 0) - (other.queue?.position ?? 0));
  if (waiting.length === 0) return null;
  return (
    <Card
      title={`Waiting: ${waiting.length}`}
      side={<Link href="/testers?state=waiting">All waiting testers</Link>}
      plain
    >
      <Table
        label="Testers who wait"
        head={[["Place", "place"], ["Tester"], ["Machine in"], ["Asked"], ["Pool"]]}
      >
        {waiting.slice(0, MOST).map((tester) => (
          <tr key={tester.id}>
            <td className="place">{tester.queue?.position ?? "–"}</td>
            <td>
              <Link href={`/testers/${tester.id}`}>{tester.username}</Link>
            </td>
            <td className="nowrap">{etaText(tester)}</td>
            <td className="nowrap">
              <Ago at={tester.createdAt} />
            </td>
            <td>{tester.pool}</td>
          </tr>
        ))}
      </Table>
    </Card>
  );
}

/** `about 2m (1m to 4m)`; a dash while nothing has been measured. */
export function etaText({ queue }: Assignment): string {
  if (queue === null || queue.etaSeconds === null) return "not known yet";
  const range =
    queue.etaRange === null ? "" : ` (${duration(queue.etaRange[0])} to ${duration(queue.etaRange[1])})`;
  return `about ${duration(queue.etaSeconds)}${range}`;
}
