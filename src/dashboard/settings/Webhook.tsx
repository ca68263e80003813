import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { WebhookDelivery, WebhookView } from "../../contract/webhookDelivery.ts";
import { useAct } from "../parts/act.ts";
import { Card, Facts, Table } from "../parts/Layout.tsx";
import { Ago, Until } from "../parts/Time.tsx";
import { Empty, Shown, Trouble } from "../parts/Trouble.tsx";
import { server } from "../server/client.ts";
import { queries } from "../server/queries.ts";
import { useReader } from "../shell/session.ts";
import { plain } from "../text/foreign.ts";
import { type Note, receiverTrouble, testRefused, testText } from "../text/webhook.ts";
import { count } from "../text/words.ts";

/** Where messages go, what happened to the latest, and whether one arrives now. */
export function Webhook() {
  const webhook = useQuery(queries.webhook());
  const [tested, setTested] = useState<Note | null>(null);
  const doing = useAct();
  const reader = useReader();
  const refused =
    reader ?? (webhook.data === undefined ? "it is being loaded" : testRefused(webhook.data.receiver));
  const test = () => {
    setTested(null);
    void doing.run(async () => setTested(testText(await server.webhook.test.mutate())));
  };
  return (
    <Card
      title="Webhook"
      plain
      side={
        <button
          type="button"
          className="button small"
          disabled={refused !== null || doing.busy}
          title={refused ?? undefined}
          onClick={test}
        >
          {doing.busy ? "Sending…" : "Send a test"}
        </button>
      }
    >
      <Shown of={webhook}>
        {(view) => (
          <>
            <Receiver view={view}>
              {tested === null ? null : (
                <p className={`note ${tested.tone}`} role="status">
                  {plain(tested.text)}
                </p>
              )}
              <Trouble error={doing.error} />
            </Receiver>
            {view.deliveries.length === 0 ? null : <Deliveries of={view.deliveries} />}
          </>
        )}
      </Shown>
    </Card>
  );
}

function Receiver({ view, children }: { view: WebhookView; children: ReactNode }) {
  const { receiver, pending, deliveries } = view;
  if (receiver === null)
    return (
      <Empty title="No webhook is configured.">
        Set <code>WARMPOOL_WEBHOOK_URL</code> and <code>WARMPOOL_WEBHOOK_SECRET</code> for the edge.
      </Empty>
    );
  const trouble = receiverTrouble(receiver);
  return (
    <div className="body">
      {trouble === null ? null : <p className={`note ${trouble.tone}`}>{plain(trouble.text)}</p>}
      {children}
      <Facts
        of={[
          ["receiver", receiver.origin === null ? null : <code>{plain(receiver.origin)}</code>],
          [
            "messages",
            pending === 0
              ? deliveries.length === 0
                ? "none yet"
                : "all are delivered or given up"
              : `${count(pending, "message")} not delivered yet`,
          ],
          ["next attempt", receiver.pausedUntil === null ? null : <Until at={receiver.pausedUntil} />],
        ]}
      />
    </div>
  );
}

/** So many messages are shown at first; the others on demand. */
const FEW = 10;

function Deliveries({ of }: { of: readonly WebhookDelivery[] }) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? of : of.slice(0, FEW);
  return (
    <>
      <Table
        label="Latest messages"
        head={[["Message"], ["About"], ["State"], ["Answer"], ["Attempts", "num"], ["Last attempt"]]}
      >
        {shown.map((delivery) => (
          <Row key={delivery.id} delivery={delivery} />
        ))}
      </Table>
      {of.length > shown.length ? (
        <p className="more">
          <button type="button" className="button small" onClick={() => setWhole(true)}>
            Show {of.length - shown.length} earlier ones
          </button>
        </p>
      ) : null}
    </>
  );
}

const STATES = {
  pending: ["quiet", "pending"],
  delivered: ["good", "delivered"],
  given_up: ["bad", "given up"],
} as const satisfies Record<WebhookDelivery["state"], readonly [className: string, word: string]>;

function Row({ delivery }: { delivery: WebhookDelivery }) {
  const { type, pool, username, state, httpStatus, error, attempts, triedAt, nextAttemptAt } = delivery;
  const [className, word] = STATES[state];
  return (
    <tr>
      <td className="mono">{plain(type)}</td>
      <td>{plain(username ?? pool ?? "–")}</td>
      <td className={`nowrap ${className}`}>
        {word}
        {nextAttemptAt === null || attempts === 0 ? null : (
          <>
            , next attempt in <Until at={nextAttemptAt} />
          </>
        )}
      </td>
      <td>
        {error === null ? (
          (httpStatus ?? <span className="quiet">–</span>)
        ) : (
          <p className="cut" title={plain(error)}>
            {httpStatus ?? plain(error)}
          </p>
        )}
      </td>
      <td className="num">{attempts}</td>
      <td className="nowrap">
        <Ago at={triedAt} />
      </td>
    </tr>
  );
}
