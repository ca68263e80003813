import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
import { codeOf } from "./server/client.ts";
import { ended } from "./shell/session.ts";

/** The dashboard begins here. Nothing is asked again by time: the event stream says what has changed (server/live.ts). */
const client = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (codeOf(error) === "UNAUTHORIZED") ended();
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: Infinity,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      // While the server is away the stream notices, and reads everything again when it is back.
      retry: (failures, error) => codeOf(error) === "UNAVAILABLE" && failures < 2,
    },
  },
});

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
