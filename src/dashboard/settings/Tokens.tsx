import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { TokenView } from "../../contract/token.ts";
import { AskButton } from "../parts/Actions.tsx";
import { Card, Table } from "../parts/Layout.tsx";
import { Ago, Until } from "../parts/Time.tsx";
import { Empty, Shown } from "../parts/Trouble.tsx";
import { server } from "../server/client.ts";
import { queries } from "../server/queries.ts";
import { useReader } from "../shell/session.ts";
import { plain } from "../text/foreign.ts";
import { TokenDialog } from "./TokenDialog.tsx";

/** Who may call: the tokens of people, programs and nodes. */
export function Tokens() {
  const tokens = useQuery(queries.tokens());
  const [isMaking, setMaking] = useState(false);
  const [isWhole, setWhole] = useState(false);
  const reader = useReader();
  return (
    <Card
      title="Tokens"
      plain
      side={
        <div className="row">
          <label className="check">
            <input type="checkbox" checked={isWhole} onChange={(event) => setWhole(event.target.checked)} />
            Show expired and revoked
          </label>
          <button
            type="button"
            className="button small"
            disabled={reader !== null}
            title={reader ?? undefined}
            onClick={() => setMaking(true)}
          >
            New token
          </button>
        </div>
      }
    >
      <Shown of={tokens}>
        {(all) => {
          const shown = all.filter(({ state }) => isWhole || state === "valid");
          return shown.length === 0 ? (
            <Empty title="The only valid token is the bootstrap admin token." />
          ) : (
            <Table
              label="Tokens"
              head={[
                ["Name"],
                ["Role"],
                ["State"],
                ["Last use"],
                ["Made"],
                ["Ends in"],
                ["Fingerprint"],
                [" "],
              ]}
            >
              {shown.map((token) => (
                <Row key={token.id} token={token} />
              ))}
            </Table>
          );
        }}
      </Shown>
      {isMaking ? <TokenDialog onClose={() => setMaking(false)} /> : null}
    </Card>
  );
}

function Row({
  token: { id, name, role, node, state, lastUsedAt, createdAt, expiresAt, fingerprint },
}: {
  token: TokenView;
}) {
  return (
    <tr>
      <td>{plain(node === null ? name : `${name} (${node})`)}</td>
      <td>{role}</td>
      <td className={state === "valid" ? "good" : "quiet"}>{state}</td>
      <td className="nowrap">
        <Ago at={lastUsedAt} />
      </td>
      <td className="nowrap">
        <Ago at={createdAt} />
      </td>
      <td className="nowrap">
        {expiresAt === null || state !== "valid" ? (
          <span className="quiet">–</span>
        ) : (
          <Until at={expiresAt} />
        )}
      </td>
      <td className="mono">{fingerprint}</td>
      <td className="num">
        {state !== "valid" ? null : (
          <AskButton
            className="small grave"
            question={{
              title: `Revoke the token of ${name}`,
              body: (
                <p>
                  Whoever uses <code>{plain(name)}</code> ({role}, fingerprint {fingerprint}) is refused from
                  now on. A revoked token stays revoked.
                </p>
              ),
              verb: "Revoke",
              grave: true,
              act: () => server.token.revoke.mutate({ id }),
              done: `The token of ${name} is revoked.`,
            }}
          >
            Revoke
          </AskButton>
        )}
      </td>
    </tr>
  );
}
