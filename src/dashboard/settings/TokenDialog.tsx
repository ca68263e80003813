import { useId, useState } from "react";
import type { CreatedToken, IssuedRole } from "../../contract/token.ts";
import { useAct } from "../parts/act.ts";
import { Copy } from "../parts/Copy.tsx";
import { Dialog } from "../parts/Dialog.tsx";
import { Trouble } from "../parts/Trouble.tsx";
import { server } from "../server/client.ts";
import { readDuration } from "../text/time.ts";

const ROLES: [role: IssuedRole, does: string][] = [
  ["viewer", "viewer: reads what an admin reads, changes nothing"],
  ["app", "app: the main application, for testers"],
  ["admin", "admin: everything"],
];

/** Makes a token and shows it once. */
export function TokenDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<IssuedRole>("viewer");
  const [time, setTime] = useState("");
  const [made, setMade] = useState<CreatedToken | null>(null);
  const doing = useAct();
  const id = useId();
  const seconds = time.trim() === "" ? undefined : readDuration(time);
  const make = () =>
    doing.run(async () => {
      if (seconds === null) return;
      setMade(
        await server.token.create.mutate({
          name,
          role,
          ...(seconds === undefined ? {} : { expiresInSeconds: seconds }),
        }),
      );
    });
  return (
    <Dialog title={made === null ? "New token" : `Token of ${made.name}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <div className="dialog-body">
          {made === null ? (
            <>
              <div className="field">
                <label htmlFor={`${id}-name`}>Name of the owner</label>
                <input
                  id={`${id}-name`}
                  className="input"
                  required
                  maxLength={100}
                  value={name}
                  onChange={(event) => setName(event.target.value)}
                />
              </div>
              <div className="field">
                <label htmlFor={`${id}-role`}>Role</label>
                <select
                  id={`${id}-role`}
                  className="input"
                  value={role}
                  onChange={(event) => setRole(event.target.value as IssuedRole)}
                >
                  {ROLES.map(([each, does]) => (
                    <option key={each} value={each}>
                      {does}
                    </option>
                  ))}
                </select>
              </div>
              <div className="field">
                <label htmlFor={`${id}-time`}>Expires after (optional)</label>
                <input
                  id={`${id}-time`}
                  className="input"
                  placeholder="30d"
                  aria-invalid={seconds === null}
                  value={time}
                  onChange={(event) => setTime(event.target.value)}
                />
              </div>
            </>
          ) : (
            <>
              <p>It is shown here once. Keep it where {made.name} needs it.</p>
              <Copy text={made.token} label="token" />
            </>
          )}
          <Trouble error={doing.error} />
        </div>
        <footer>
          <button type="button" className="button" onClick={onClose}>
            {made === null ? "Cancel" : "Done"}
          </button>
          {made === null ? (
            <button type="submit" className="button main" disabled={doing.busy || seconds === null}>
              Make it
            </button>
          ) : null}
        </footer>
      </form>
    </Dialog>
  );
}
