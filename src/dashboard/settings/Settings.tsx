import { Page } from "../parts/Layout.tsx";
import { signOut } from "../server/session.ts";
import { ended } from "../shell/session.ts";
import { Checks } from "./Checks.tsx";
import { Recipes } from "./Recipes.tsx";
import { Tokens } from "./Tokens.tsx";
import { Tuned } from "./Tuned.tsx";
import { Webhook } from "./Webhook.tsx";

/** What belongs to the installation as a whole; on a phone also what the foot of the rail has elsewhere. */
export function Settings() {
  return (
    <Page
      title="Settings"
      actions={
        <button type="button" className="button phone-only" onClick={() => void signOut().then(ended, ended)}>
          Sign out
        </button>
      }
    >
      <Checks />
      <Tokens />
      <Recipes />
      <Webhook />
      <Tuned />
    </Page>
  );
}
