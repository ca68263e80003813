import { defineConfig } from "vite";

// Whatever whoever builds it has set: with any other value there, React's development build would be published.
process.env["NODE_ENV"] = "production";

/** Builds the dashboard into dist/dashboard, from where both entries serve it. */
export default defineConfig({
  root: "src/dashboard",
  oxc: { jsx: { runtime: "automatic" } },
  build: {
    outDir: "../../dist/dashboard",
    emptyOutDir: true,
    target: "es2023",
    // The content security policy allows nothing inline, and every browser that it is built for knows modulepreload.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // The packages in the files ask for their notices wherever the files go.
    license: { fileName: "licences.md" },
    rolldownOptions: {
      // Packages for frameworks that render on a server say "use client" in every file; here everything is the client.
      onLog: (level, log, show) => {
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") show(level, log);
      },
    },
  },
});
