import { useState } from "react";
import type { SecretLink } from "../../contract/session.ts";
import { useAct } from "../parts/act.ts";
import { Copy } from "../parts/Copy.tsx";
import { Dialog } from "../parts/Dialog.tsx";
import { Until } from "../parts/Time.tsx";
import { Trouble } from "../parts/Trouble.tsx";
import { server } from "../server/client.ts";

/** Makes the link to a tester's own page. It is shown once, and ends the one before. */
export function LinkDialog({
  username,
  pool,
  onClose,
}: {
  username: string;
  pool: string;
  onClose: () => void;
}) {
  const [link, setLink] = useState<SecretLink | null>(null);
  const doing = useAct();
  const make = () =>
    doing.run(async () => {
      setLink(await server.tester.link.mutate({ username, pool }));
    });
  return (
    <Dialog title={`The page of ${username}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <div className="dialog-body">
          {link === null ? (
            <p>
              The link opens this one assignment and nothing else: {username} sees how far it is and how to
              log in, adds SSH keys, extends the time, and releases it. A link that was created earlier stops
              working.
            </p>
          ) : (
            <>
              <p>
                Send this to {username}. It is shown here once and works for <Until at={link.expiresAt} /> at
                most.
              </p>
              <Copy text={new URL(link.url, location.href).href} label="link" />
            </>
          )}
          <Trouble error={doing.error} />
        </div>
        <footer>
          <button type="button" className="button" onClick={onClose}>
            {link === null ? "Cancel" : "Done"}
          </button>
          {link === null ? (
            <button type="submit" className="button main" disabled={doing.busy}>
              Create a link
            </button>
          ) : null}
        </footer>
      </form>
    </Dialog>
  );
}
