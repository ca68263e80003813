import type { PageView } from "../../contract/page.ts";
import { Copy } from "../parts/Copy.tsx";
import { Outputs } from "../parts/Outputs.tsx";
import { linkOf, plain, sshCommand } from "../text/foreign.ts";
import { knownHostsLine } from "../text/testerPage.ts";
import { Done } from "./Ends.tsx";
import { Keys } from "./Keys.tsx";
import { TimeLeft } from "./TimeLeft.tsx";
import type { Shown } from "./usePage.ts";

/** How to use the machine, and how to end it. */
export function Ready({ view, shown }: { view: PageView; shown: Shown }) {
  const { machine, outputs, error, keyFingerprints } = view;
  const { url, ...others } = outputs;
  const link = url === undefined ? null : linkOf(url);
  return (
    <>
      {error === null ? null : <p className="note warn">{plain(error.message)}</p>}
      {link === null ? null : (
        <section>
          <a className="button main large" href={link} target="_blank" rel="noopener noreferrer">
            Open {new URL(link).host}
          </a>
        </section>
      )}
      {machine === null ? null : (
        <section>
          <h2>Log in</h2>
          {keyFingerprints.length === 0 ? (
            <p className="note warn">Nobody can log in yet: add your SSH public key below.</p>
          ) : null}
          <Copy text={sshCommand(machine)} label="ssh command" />
          <p className="soft">
            The first time, ssh shows the fingerprint of the machine’s key. It must be
            <br />
            <code>{machine.hostKey.fingerprint}</code>
          </p>
          <details>
            <summary>Or trust the key beforehand</summary>
            <p className="soft">Add this line to ~/.ssh/known_hosts:</p>
            <Copy text={knownHostsLine(machine)} label="known_hosts line" />
          </details>
        </section>
      )}
      {Object.keys(link === null ? outputs : others).length === 0 ? null : (
        <section>
          <h2>Outputs of the set-up</h2>
          <Outputs outputs={link === null ? outputs : others} />
        </section>
      )}
      <TimeLeft view={view} shown={shown} />
      <Keys view={view} shown={shown} />
      <Done view={view} shown={shown} />
    </>
  );
}
