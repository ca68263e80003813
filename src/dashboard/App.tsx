import { lazy, Suspense } from "react";
import { Route, Switch } from "wouter";
import { Dashboard } from "./shell/Dashboard.tsx";

const TesterPage = lazy(async () => ({ default: (await import("./page/TesterPage.tsx")).TesterPage }));

/** The tester's page stands alone: it knows neither the session nor the rail. */
export function App() {
  return (
    <Switch>
      <Route path="/t/:code">
        {({ code }) => (
          <Suspense>
            <TesterPage code={code} />
          </Suspense>
        )}
      </Route>
      <Route>
        <Dashboard />
      </Route>
    </Switch>
  );
}
