import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { Dialog } from "../parts/Dialog.tsx";
import { queries } from "../server/queries.ts";
import { type Found, found } from "../text/search.ts";

/** Finds a machine, tester, pool or node by a part of its name. */
export function Search({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [chosen, choose] = useState(0);
  const [, navigate] = useLocation();
  const machines = useQuery(queries.machines()).data ?? [];
  const testers = useQuery(queries.testers()).data ?? [];
  const pools = useQuery(queries.pools()).data ?? [];
  const nodes = useQuery(queries.nodes()).data ?? [];
  const results = found(text, { machines, testers, pools, nodes });
  const go = ({ href }: Found) => {
    onClose();
    navigate(href);
  };
  return (
    <Dialog title="Search" onClose={onClose}>
      <form
        className="dialog-body"
        onSubmit={(event) => {
          event.preventDefault();
          const result = results[chosen];
          if (result !== undefined) go(result);
        }}
      >
        <input
          className="input"
          type="search"
          role="combobox"
          aria-label="Name of a machine, tester, pool or node"
          aria-expanded={results.length > 0}
          aria-controls="results"
          aria-activedescendant={results.length > 0 ? `result-${chosen}` : undefined}
          placeholder="Name of a machine, tester, pool or node"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            choose(0);
          }}
          onKeyDown={(event) => {
            const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
            if (step === 0) return;
            event.preventDefault();
            choose(Math.min(results.length - 1, Math.max(0, chosen + step)));
          }}
        />
        {text !== "" && results.length === 0 ? <p className="quiet">No name matches.</p> : null}
        <ul className="results" id="results" role="listbox" aria-label="Results">
          {results.map((result, at) => (
            <li
              key={result.href}
              id={`result-${at}`}
              role="option"
              aria-selected={at === chosen}
              className={at === chosen ? "chosen" : undefined}
              onClick={() => go(result)}
            >
              <span className="cut">{result.name}</span>
              <span className="quiet nowrap">{result.what}</span>
            </li>
          ))}
        </ul>
      </form>
    </Dialog>
  );
}
