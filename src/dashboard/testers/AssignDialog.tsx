import { own } from "../../contract/own.ts";
import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useLocation } from "wouter";
import type { RecipeView } from "../../contract/recipe.ts";
import { useAct } from "../parts/act.ts";
import { Dialog } from "../parts/Dialog.tsx";
import { Trouble } from "../parts/Trouble.tsx";
import { server } from "../server/client.ts";
import { queries } from "../server/queries.ts";
import { readDuration } from "../text/time.ts";

/** Gives a tester a machine. It leads to their page, where the set-up can be watched. */
export function AssignDialog({ onClose, pool: preset }: { onClose: () => void; pool?: string }) {
  const pools = useQuery(queries.pools()).data ?? [];
  const recipes = useQuery(queries.recipes()).data ?? [];
  const usual = pools.find(({ isDefault }) => isDefault) ?? pools[0];
  const [username, setUsername] = useState("");
  const [keys, setKeys] = useState("");
  const [chosen, choose] = useState(preset ?? "");
  const [time, setTime] = useState("");
  const [params, setParams] = useState<Record<string, string>>({});
  const [, navigate] = useLocation();
  const doing = useAct();
  const id = useId();
  const pool = pools.find(({ name }) => name === chosen) ?? usual;
  const wanted = recipes.find(({ name }) => name === pool?.spec.recipe)?.params ?? {};
  const ttlSeconds = time.trim() === "" ? undefined : readDuration(time);
  const submit = async () => {
    if (pool === undefined || ttlSeconds === null) return;
    let opened = "";
    const went = await doing.run(
      async () => {
        const given = Object.fromEntries(
          Object.entries(params).filter(([name]) => Object.hasOwn(wanted, name)),
        );
        const { assignment } = await server.tester.assign.mutate({
          username: username.trim(),
          sshKeys: keys.split("\n").filter((line) => line.trim() !== ""),
          pool: pool.name,
          ...(Object.keys(given).length === 0 ? {} : { params: given }),
          ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
        });
        opened = assignment.id;
      },
      () => `${username.trim()} requested a machine of ${pool.name}.`,
    );
    if (!went) return;
    onClose();
    navigate(`/testers/${opened}`);
  };
  return (
    <Dialog title="Assign a machine" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!doing.busy) void submit();
        }}
      >
        <div className="dialog-body">
          <div className="fields">
            <div className="field">
              <label htmlFor={`${id}-user`}>Username on the machine</label>
              <input
                id={`${id}-user`}
                className="input mono"
                required
                maxLength={32}
                pattern="[a-z_][a-z0-9_\-]{0,31}"
                title="A lower-case letter or _ first, then lower-case letters, digits, _ or -"
                autoComplete="off"
                spellCheck={false}
                value={username}
                onChange={(event) => setUsername(event.target.value)}
              />
            </div>
            <div className="field">
              <label htmlFor={`${id}-pool`}>Pool</label>
              <select
                id={`${id}-pool`}
                className="input"
                value={pool?.name ?? ""}
                onChange={(event) => choose(event.target.value)}
              >
                {pools.map(({ name, claimable }) => (
                  <option key={name} value={name}>
                    {name} ({claimable} ready)
                  </option>
                ))}
              </select>
            </div>
            <div className="field">
              <label htmlFor={`${id}-time`}>Time (optional)</label>
              <input
                id={`${id}-time`}
                className="input"
                placeholder="2h, 7d, 1h30m"
                aria-invalid={ttlSeconds === null}
                value={time}
                onChange={(event) => setTime(event.target.value)}
              />
            </div>
          </div>
          <div className="field">
            <label htmlFor={`${id}-keys`}>
              SSH public keys, one per line (the tester can add them later)
            </label>
            <textarea
              id={`${id}-keys`}
              className="input mono"
              placeholder="ssh-ed25519 AAAA… alice@laptop"
              spellCheck={false}
              value={keys}
              onChange={(event) => setKeys(event.target.value)}
            />
          </div>
          <ParamFields wanted={wanted} values={params} set={setParams} id={id} />
          <Trouble error={doing.error} />
        </div>
        <footer>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button main" disabled={doing.busy || pool === undefined}>
            {doing.busy ? "Assigning…" : "Assign"}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

/** A field for each parameter of the pool's recipe. */
function ParamFields({
  wanted,
  values,
  set,
  id,
}: {
  wanted: RecipeView["params"];
  values: Record<string, string>;
  set: (values: Record<string, string>) => void;
  id: string;
}) {
  const names = Object.entries(wanted);
  if (names.length === 0) return null;
  return (
    <fieldset className="fields plain">
      <legend className="unseen">Parameters of the recipe</legend>
      {names.map(([name, { required, secret, default: usual, description }]) => (
        <div className="field" key={name}>
          <label htmlFor={`${id}-${name}`}>
            <code>{name}</code>
            {required === true ? "" : " (optional)"}
          </label>
          <input
            id={`${id}-${name}`}
            className="input"
            type={secret === true ? "password" : "text"}
            autoComplete="off"
            required={required === true && usual === undefined}
            placeholder={usual}
            value={own(values, name) ?? ""}
            onChange={(event) => {
              const { [name]: _, ...others } = values;
              set(event.target.value === "" ? others : { ...others, [name]: event.target.value });
            }}
          />
          {description === undefined ? null : <span className="hint">{description}</span>}
        </div>
      ))}
    </fieldset>
  );
}
