import type { ReactNode } from "react";
import { reasonOf } from "../server/client.ts";

/** Why something could not be shown or done. */
export function Trouble({ error }: { error: unknown }) {
  if (error === null || error === undefined) return null;
  return (
    <p className="note bad" role="alert">
      {reasonOf(error)}
    </p>
  );
}

/** Where there is nothing to show: what that means, and what to do. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <p>{title}</p>
      {children === undefined ? null : <p>{children}</p>}
    </div>
  );
}

type Answer<T> = { data: T | undefined; error: Error | null };

/** Shows an answer once it is there; what was shown before stays while the next one fails. */
export function Shown<T>({ of, children }: { of: Answer<T>; children: (data: T) => ReactNode }) {
  if (of.data === undefined)
    return of.error === null ? <p className="empty quiet pulse">Loading…</p> : <Trouble error={of.error} />;
  return (
    <>
      <Trouble error={of.error} />
      {children(of.data)}
    </>
  );
}
