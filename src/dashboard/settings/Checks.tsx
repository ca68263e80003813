import { useQuery } from "@tanstack/react-query";
import { Card, Facts } from "../parts/Layout.tsx";
import { Tone } from "../parts/Tone.tsx";
import { Shown } from "../parts/Trouble.tsx";
import { queries } from "../server/queries.ts";
import { checksOf } from "../text/checks.ts";
import { plain } from "../text/foreign.ts";

/** Whether the installation itself is right: what `warmpool doctor` judges of the server. */
export function Checks() {
  const check = useQuery(queries.check());
  return (
    <Card title="Checks">
      <Shown of={check}>
        {(data) => (
          <>
            <ul className="stack tight">
              {checksOf(data).map(({ tone, text }) => (
                <li key={text}>
                  <Tone tone={tone} /> {plain(text)}
                </li>
              ))}
            </ul>
            <Facts
              of={[
                ["installation", <code>{data.installation}</code>],
                [
                  "database",
                  `Postgres ${data.database.version}, ${data.database.migrations.applied} migrations`,
                ],
              ]}
            />
          </>
        )}
      </Shown>
    </Card>
  );
}
