import { lazy, Suspense, useState } from "react";
import { useReader } from "../shell/session.ts";

const AssignDialog = lazy(async () => ({ default: (await import("./AssignDialog.tsx")).AssignDialog }));

/** Opens the form that gives a tester a machine. */
export function AssignButton({ pool }: { pool?: string }) {
  const [isOpen, setOpen] = useState(false);
  const reader = useReader();
  return (
    <>
      <button
        type="button"
        className="button main"
        disabled={reader !== null}
        title={reader ?? undefined}
        onClick={() => setOpen(true)}
      >
        Assign a machine
      </button>
      {isOpen ? (
        <Suspense>
          <AssignDialog {...(pool === undefined ? {} : { pool })} onClose={() => setOpen(false)} />
        </Suspense>
      ) : null}
    </>
  );
}
