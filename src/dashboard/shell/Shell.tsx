import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { Route, Switch, useLocation } from "wouter";
import { Page } from "../parts/Layout.tsx";
import { Empty } from "../parts/Trouble.tsx";
import { onToasts, readToasts } from "../parts/toasts.ts";
import { follow } from "../server/live.ts";
import { Overview } from "../overview/Overview.tsx";
import { useKeys } from "./keys.ts";
import { Rail } from "./Rail.tsx";
import { ended } from "./session.ts";
import { Strip } from "./Strip.tsx";

const Machines = lazy(async () => ({ default: (await import("../machines/Machines.tsx")).Machines }));
const Testers = lazy(async () => ({ default: (await import("../testers/Testers.tsx")).Testers }));
const Tester = lazy(async () => ({ default: (await import("../tester/Tester.tsx")).Tester }));
const Pool = lazy(async () => ({ default: (await import("../pool/Pool.tsx")).Pool }));
const Capacity = lazy(async () => ({ default: (await import("../capacity/Capacity.tsx")).Capacity }));
const Nodes = lazy(async () => ({ default: (await import("../nodes/Nodes.tsx")).Nodes }));
const Events = lazy(async () => ({ default: (await import("../events/Events.tsx")).Events }));
const Settings = lazy(async () => ({ default: (await import("../settings/Settings.tsx")).Settings }));
const Keys = lazy(async () => ({ default: (await import("./Keys.tsx")).Keys }));
const Search = lazy(async () => ({ default: (await import("./Search.tsx")).Search }));

/** The rail, the strip and the page between them. */
export function Shell() {
  const client = useQueryClient();
  const [open, setOpen] = useState<"search" | "keys" | null>(null);
  const main = useRef<HTMLElement>(null);
  const [path] = useLocation();
  useEffect(() => follow(client, ended), [client]);
  useKeys({ search: () => setOpen("search"), keys: () => setOpen("keys") });
  const first = useRef(true);
  const section = path.split("/")[1] ?? "";
  useEffect(() => {
    // Whoever goes to another page by keyboard continues in it, not in the rail.
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
    window.scrollTo(0, 0);
  }, [section]);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <Rail onSearch={() => setOpen("search")} onKeys={() => setOpen("keys")} />
      <Strip onSearch={() => setOpen("search")} />
      <main id="main" ref={main} tabIndex={-1}>
        <Suspense fallback={<p className="quiet pulse">Loading…</p>}>
          <Pages />
        </Suspense>
      </main>
      <Suspense>
        {open === "search" ? <Search onClose={() => setOpen(null)} /> : null}
        {open === "keys" ? <Keys onClose={() => setOpen(null)} /> : null}
      </Suspense>
      <Toasts />
    </div>
  );
}

function Pages() {
  return (
    <Switch>
      <Route path="/">
        <Overview />
      </Route>
      <Route path="/pools/:name">{({ name }) => <Pool key={name} name={name} />}</Route>
      <Route path="/machines/:name?">{({ name }) => <Machines open={name ?? null} />}</Route>
      <Route path="/testers">
        <Testers />
      </Route>
      <Route path="/testers/:id">{({ id }) => <Tester key={id} id={id} />}</Route>
      <Route path="/capacity">
        <Capacity />
      </Route>
      <Route path="/nodes">
        <Nodes />
      </Route>
      <Route path="/events">
        <Events />
      </Route>
      <Route path="/settings">
        <Settings />
      </Route>
      <Route>
        <Page title="No such page">
          <Empty title="There is no page at this address.">Use the navigation to find every page.</Empty>
        </Page>
      </Route>
    </Switch>
  );
}

function Toasts() {
  const toasts = useSyncExternalStore(onToasts, readToasts);
  return (
    <div className="toasts" role="status">
      {toasts.map(({ id, text }) => (
        <p key={id} className="toast">
          {text}
        </p>
      ))}
    </div>
  );
}
