import { DriverError } from "../../driver.ts";

/**
 * The SSH server of local machines as one file of CommonJS, which a machine runs with nothing else beside it.
 * @param entry path of sshServer/main, as source or built
 * @throws DriverError `failed` where esbuild is not installed
 */
export async function bundleServer(entry: string): Promise<string> {
  // Loaded here and not at the top: a relay with another driver runs where only production packages are installed.
  const { build, stop } = await import("esbuild").catch((cause: unknown) => {
    throw new DriverError(
      "failed",
      "The local driver is for development and needs the package esbuild, which is not installed: run `npm ci` " +
        "in a checkout, or choose another driver.",
      { cause },
    );
  });
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node22",
    minify: true,
    write: false,
    logLevel: "silent",
    // ssh2's native helpers are optional: it falls back to plain Node where they are not found.
    external: ["*.node", "cpu-features"],
  });
  // Otherwise esbuild's own process stays for as long as the relay.
  await stop();
  const [bundle] = result.outputFiles;
  if (bundle === undefined) throw new Error("esbuild produced no output for the machines' SSH server");
  return bundle.text;
}
