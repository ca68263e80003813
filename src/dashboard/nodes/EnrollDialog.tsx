import { useId, useState } from "react";
import type { EnrollResult } from "../../contract/node.ts";
import { useAct } from "../parts/act.ts";
import { Copy } from "../parts/Copy.tsx";
import { Dialog } from "../parts/Dialog.tsx";
import { Until } from "../parts/Time.tsx";
import { Trouble } from "../parts/Trouble.tsx";
import { server } from "../server/client.ts";

/** Enrolls a node and shows the two commands to run on it. */
export function EnrollDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [enrolled, setEnrolled] = useState<EnrollResult | null>(null);
  const doing = useAct();
  const id = useId();
  const enroll = () =>
    doing.run(async () => {
      setEnrolled(await server.node.enroll.mutate({ name: name.trim() }));
    });
  return (
    <Dialog
      title={enrolled === null ? "Enroll a node" : `Enroll ${enrolled.node.name}`}
      onClose={onClose}
      wide
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void enroll();
        }}
      >
        <div className="dialog-body">
          {enrolled === null ? (
            <div className="field">
              <label htmlFor={id}>Name of the host</label>
              <input
                id={id}
                className="input mono"
                required
                pattern="[a-z0-9][a-z0-9.\-]{0,62}"
                title="Lower-case letters, digits, . or -"
                autoComplete="off"
                spellCheck={false}
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
            </div>
          ) : (
            <>
              <p>
                Run these on {enrolled.node.name}. The token is shown here once, works once, and ends in{" "}
                <Until at={enrolled.expiresAt} />.
              </p>
              <Copy
                text={`npx warmpool relay join --url ${location.origin} --token ${enrolled.joinToken}`}
                label="join command"
              />
              <Copy text="npx warmpool relay run" label="run command" />
            </>
          )}
          <Trouble error={doing.error} />
        </div>
        <footer>
          <button type="button" className="button" onClick={onClose}>
            {enrolled === null ? "Cancel" : "Done"}
          </button>
          {enrolled === null ? (
            <button type="submit" className="button main" disabled={doing.busy}>
              Enroll
            </button>
          ) : null}
        </footer>
      </form>
    </Dialog>
  );
}
