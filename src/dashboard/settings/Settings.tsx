import { Page } from "../parts/Layout.tsx";
import { Checks } from "./Checks.tsx";
import { Recipes } from "./Recipes.tsx";
import { Tokens } from "./Tokens.tsx";
import { Tuned } from "./Tuned.tsx";
import { Webhook } from "./Webhook.tsx";

/** What belongs to the installation as a whole. */
export function Settings() {
  return (
    <Page title="Settings">
      <Checks />
      <Tokens />
      <Recipes />
      <Webhook />
      <Tuned />
    </Page>
  );
}
