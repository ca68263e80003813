/**
 * The dashboard's files: `index.html`, which every page's address answers with, and what it loads. How they are kept
 * differs between the entries; what a browser gets with them is decided here, the same for both.
 */
export type DashboardFiles = {
  /**
   * The file at that path, such as `/index.html`, as an answer to the request (200 or 304, with its type); null if
   * there is none.
   */
  get(path: string, request: Request): Promise<Response | null>;
};

/** First parts of addresses that are no pages, whatever comes after them. */
const API = new Set(["trpc", "admin", "metrics", "healthz", "session"]);
/** First parts of addresses that are pages for whoever asks; others are for browsers, which say that they want HTML. */
const PAGES = new Set([
  ...["", "pools", "machines", "testers", "capacity", "nodes", "duties", "events", "settings", "t"],
]);

/** Scripts, styles and connections from here only, nothing inline, and no page of anybody else around ours. */
export const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'";

const HEADERS = {
  "content-security-policy": CSP,
  "x-content-type-options": "nosniff",
  // The address of a tester's page is a secret: nobody whom it links to may learn it.
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy":
    "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()",
  "x-robots-tag": "noindex",
};

/** Their names have a hash of what is in them. */
const ASSETS = "/assets/";
const IMMUTABLE = "public, max-age=31536000, immutable";

const NOT_BUILT =
  "The dashboard is not built. In a checkout, run: npm run build:dashboard\nThe API and the command line work without it.\n";

/** The page or the file at this address; null if there is none. */
export async function dashboard(
  request: Request,
  files: DashboardFiles | undefined,
): Promise<Response | null> {
  const { pathname } = new URL(request.url);
  const [first = "", ...more] = pathname.slice(1).split("/");
  if (API.has(first)) return null;
  const isFile = pathname.startsWith(ASSETS) || (more.length === 0 && first.includes("."));
  if (isFile) {
    const file = (await files?.get(pathname, request)) ?? null;
    return file === null ? null : answer(file, pathname.startsWith(ASSETS) ? IMMUTABLE : "no-cache");
  }
  if (!PAGES.has(first) && request.headers.get("accept")?.includes("text/html") !== true) return null;
  const page = (await files?.get("/index.html", request)) ?? null;
  if (page !== null) return answer(page, "no-cache");
  const headers = { "content-type": "text/plain; charset=utf-8" };
  return answer(new Response(NOT_BUILT, { status: 404, headers }), "no-store");
}

function answer(response: Response, caching: string): Response {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  headers.set("cache-control", caching);
  return new Response(response.body, { status: response.status, headers });
}
