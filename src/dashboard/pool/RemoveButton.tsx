import { useState } from "react";
import { useLocation } from "wouter";
import type { PoolView } from "../../contract/pool.ts";
import { Confirm } from "../parts/Confirm.tsx";
import { server } from "../server/client.ts";
import { useReader } from "../shell/session.ts";
import { count } from "../text/words.ts";

/** Removing a pool takes its machines with it, so its name has to be typed. */
export function RemoveButton({ pool: { name, counts, waiting } }: { pool: PoolView }) {
  const [isOpen, setOpen] = useState(false);
  const [, navigate] = useLocation();
  const reader = useReader();
  const testers = counts.assigned + waiting;
  return (
    <>
      <button
        type="button"
        className="button grave"
        disabled={reader !== null}
        title={reader ?? undefined}
        onClick={() => setOpen(true)}
      >
        Remove
      </button>
      {isOpen ? (
        <Confirm
          onClose={() => setOpen(false)}
          question={{
            title: `Remove pool ${name}`,
            body: (
              <>
                <p>
                  The pool and its {count(machinesOf(counts), "machine")} are deleted, with everything on
                  them.
                </p>
                {testers === 0 ? null : (
                  <p className="note bad">
                    {count(testers, "tester")} of this pool will be released and lose their machines.
                  </p>
                )}
              </>
            ),
            verb: `Remove ${name}`,
            grave: true,
            typed: name,
            act: async () => {
              await server.pool.remove.mutate({ name, release: testers > 0 });
              navigate("/");
            },
            done: `Pool ${name} is being removed.`,
          }}
        />
      ) : null}
    </>
  );
}

function machinesOf(counts: PoolView["counts"]): number {
  return Object.values(counts).reduce((sum, each) => sum + each, 0);
}
