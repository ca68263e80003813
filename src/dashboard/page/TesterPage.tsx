import { type ReactNode, useEffect } from "react";
import type { PageView } from "../../contract/page.ts";
import { Mark } from "../shell/Mark.tsx";
import { titleOf } from "../text/testerPage.ts";
import { Ready } from "./Ready.tsx";
import { type Shown, usePage } from "./usePage.ts";
import { Wait } from "./Wait.tsx";
import { Failed, Over } from "./Ends.tsx";
import { Keys } from "./Keys.tsx";

/** What a tester sees of their own assignment, and nothing else: where it is, and then how to use the machine. */
export function TesterPage({ code }: { code: string }) {
  const shown = usePage(code);
  const { view, gone, behind } = shown;
  const title = view === null ? "Your machine" : titleOf(view);
  useEffect(() => {
    document.title = title;
  }, [title]);
  // Whoever released the machine sees that, and not that their link has ended with it.
  if (gone && view?.state !== "released")
    return (
      <Frame title="This link no longer works">
        <p>Its machine was released, or a newer link was created. Ask the person who sent it to you.</p>
      </Frame>
    );
  if (view === null)
    return (
      <Frame title={title}>
        <p className={behind ? "note warn" : "quiet pulse"}>
          {behind ? "The server does not respond. This page appears as soon as it does." : "Loading…"}
        </p>
      </Frame>
    );
  return (
    <Frame title={title}>
      {behind ? (
        <p className="note warn" role="status">
          Not connected. What you see may be out of date; the page reconnects automatically.
        </p>
      ) : null}
      <State view={view} shown={shown} />
    </Frame>
  );
}

function State({ view, shown }: { view: PageView; shown: Shown }) {
  switch (view.state) {
    case "waiting":
    case "setting_up":
      return (
        <>
          <Wait view={view} />
          <Keys view={view} shown={shown} />
        </>
      );
    case "active":
      return <Ready view={view} shown={shown} />;
    case "failed":
      return <Failed view={view} shown={shown} />;
    case "released":
      return <Over />;
  }
}

function Frame({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="tester-page">
      <div className="brand">
        <Mark />
        Warmpool
      </div>
      <h1 aria-live="polite">{title}</h1>
      {children}
    </main>
  );
}
