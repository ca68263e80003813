import { lazy, Suspense, useState } from "react";
import { useReader } from "../shell/session.ts";
import type { Question } from "./Confirm.tsx";

const Confirm = lazy(async () => ({ default: (await import("./Confirm.tsx")).Confirm }));

export type Action = {
  name: string;
  /** What it does, in a few words. */
  does: string;
  /** Why it cannot be done now; null where it can. */
  refused: string | null;
  question: Question;
};

/** Actions with what each does, or why it is refused. */
export function ActionList({ actions }: { actions: Action[] }) {
  const [asked, ask] = useState<Question | null>(null);
  const reader = useReader();
  return (
    <>
      <ul className="actions-list">
        {actions.map(({ name, does, refused, question }) => {
          const why = reader ?? refused;
          return (
            <li key={name}>
              <button
                type="button"
                className={`button small ${question.grave === true ? "grave" : ""}`}
                disabled={why !== null}
                onClick={() => ask(question)}
              >
                {name}
              </button>
              <span className={why === null ? "soft" : "quiet"}>
                {why === null ? does : `Not now: ${why}.`}
              </span>
            </li>
          );
        })}
      </ul>
      <Suspense>{asked === null ? null : <Confirm question={asked} onClose={() => ask(null)} />}</Suspense>
    </>
  );
}

/** One button that asks first. */
export function AskButton({
  children,
  question,
  className,
  refused,
}: {
  children: string;
  question: Question;
  className?: string;
  refused?: string | null;
}) {
  const [isOpen, setOpen] = useState(false);
  const reader = useReader();
  const why = reader ?? refused ?? null;
  return (
    <>
      <button
        type="button"
        className={`button ${className ?? ""}`}
        disabled={why !== null}
        title={why ?? undefined}
        onClick={() => setOpen(true)}
      >
        {children}
      </button>
      <Suspense>{isOpen ? <Confirm question={question} onClose={() => setOpen(false)} /> : null}</Suspense>
    </>
  );
}
