import { useId, useState } from "react";
import type { Assignment } from "../../contract/assignment.ts";
import { useAct } from "../parts/act.ts";
import { Dialog } from "../parts/Dialog.tsx";
import { Trouble } from "../parts/Trouble.tsx";
import { server } from "../server/client.ts";
import { duration, readDuration, writeDuration } from "../text/time.ts";

/** Gives a tester more time. The API takes the whole time from the start; a person thinks of what comes on top. */
export function ExtendDialog({ assignment, onClose }: { assignment: Assignment; onClose: () => void }) {
  const { id, username, activeAt, expiresAt } = assignment;
  const [time, setTime] = useState("2h");
  const doing = useAct();
  const field = useId();
  const more = readDuration(time);
  const total = more === null ? null : totalOf(activeAt, expiresAt, more);
  const submit = async () => {
    if (total === null) return;
    const went = await doing.run(
      () => server.assignment.extend.mutate({ id, ttlSeconds: total }),
      () => `${username} has ${writeDuration(more ?? 0)} more.`,
    );
    if (went) onClose();
  };
  return (
    <Dialog title={`More time for ${username}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <div className="dialog-body">
          <div className="field">
            <label htmlFor={field}>Additional time</label>
            <input
              id={field}
              className="input"
              aria-invalid={more === null}
              value={time}
              onChange={(event) => setTime(event.target.value)}
            />
            <span className="hint">
              {total === null
                ? "Write it as 30m, 2h, 7d or 1h30m."
                : `That is ${duration(total)} in all, counted from the end of the set-up.`}
            </span>
          </div>
          <Trouble error={doing.error} />
        </div>
        <footer>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button main" disabled={total === null || doing.busy}>
            Extend
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

/** Without an end it counts from now on. */
function totalOf(activeAt: string | null, expiresAt: string | null, more: number): number {
  const start = activeAt === null ? Date.now() : Date.parse(activeAt);
  const end = expiresAt === null ? Date.now() : Date.parse(expiresAt);
  return Math.max(60, Math.round((end - start) / 1000) + more);
}
