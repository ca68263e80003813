import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { RecipeVersion, RecipeView } from "../../contract/recipe.ts";
import { AskButton } from "../parts/Actions.tsx";
import { Card, Table } from "../parts/Layout.tsx";
import { Ago } from "../parts/Time.tsx";
import { Empty, Shown } from "../parts/Trouble.tsx";
import { server } from "../server/client.ts";
import { queries } from "../server/queries.ts";
import { plain } from "../text/foreign.ts";
import { count } from "../text/words.ts";

/** What set-ups run, with the versions that each recipe has had. */
export function Recipes() {
  const recipes = useQuery(queries.recipes());
  return (
    <Card title="Recipes">
      <Shown of={recipes}>
        {(all) =>
          all.length === 0 ? (
            <Empty title="There is no recipe.">
              Push one: <code>npx warmpool recipe push DIR</code>
            </Empty>
          ) : (
            <div className="stack">
              {all.map((recipe) => (
                <Recipe key={recipe.name} recipe={recipe} />
              ))}
            </div>
          )
        }
      </Shown>
    </Card>
  );
}

function Recipe({ recipe }: { recipe: RecipeView }) {
  const [isOpen, setOpen] = useState(false);
  const { name, version, steps, params, createdAt } = recipe;
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <strong>{name}</strong>{" "}
        <span className="quiet">
          <code>{version.slice(0, 8)}</code>, {count(steps.length, "step")},{" "}
          {count(Object.keys(params).length, "parameter")}, pushed <Ago at={createdAt} />
        </span>
      </summary>
      {isOpen ? (
        <div className="stack">
          <Versions recipe={recipe} />
          {steps.map(({ id, title, script, timeoutSeconds }) => (
            <details key={id}>
              <summary>
                {plain(title)}{" "}
                <span className="quiet">
                  {id}, {timeoutSeconds} s at most
                </span>
              </summary>
              <pre className="text" tabIndex={0}>
                {plain(script)}
              </pre>
            </details>
          ))}
        </div>
      ) : null}
    </details>
  );
}

function Versions({ recipe: { name } }: { recipe: RecipeView }) {
  const versions = useQuery(queries.recipeVersions(name));
  return (
    <Shown of={versions}>
      {(all) => (
        <Table
          label={`Versions of ${name}`}
          head={[["Version"], ["Steps", "num"], ["Made"], ["Current since"], [" "]]}
        >
          {all.map((version) => (
            <Row key={version.version} version={version} />
          ))}
        </Table>
      )}
    </Shown>
  );
}

function Row({ version: { name, version, isCurrent, steps, createdAt, putAt } }: { version: RecipeVersion }) {
  return (
    <tr>
      <td className="mono">{version.slice(0, 8)}</td>
      <td className="num">{steps}</td>
      <td className="nowrap">
        <Ago at={createdAt} />
      </td>
      <td className="nowrap">
        <Ago at={putAt} />
      </td>
      <td className="num">
        {isCurrent ? (
          <span className="good">current</span>
        ) : (
          <AskButton
            className="small"
            question={{
              title: `Roll ${name} back`,
              body: (
                <p>
                  Set-ups that begin from now on run version <code>{version.slice(0, 8)}</code>. Those under
                  way are not changed.
                </p>
              ),
              verb: "Make it current",
              act: () => server.recipe.rollback.mutate({ name, version }),
              done: `${name} is at version ${version.slice(0, 8)}.`,
            }}
          >
            Make current
          </AskButton>
        )}
      </td>
    </tr>
  );
}
