/** Where the webhook goes, and the keys its messages are signed with: two while a secret is being changed. */
export type Receiver = { url: string; secrets: readonly string[] };

/** What an entry makes of its environment: a receiver, none, or settings that are wrong and in which way. */
export type WebhookSetting = Receiver | { problem: string } | null;

/** As Standard Webhooks wants it: 24 to 64 bytes, in base64, behind a prefix that tells what it is. */
const SECRET = /^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/;

/**
 * Reads WARMPOOL_WEBHOOK_URL and WARMPOOL_WEBHOOK_SECRET. The URL must be https, or point to this very machine by one of
 * its loopback names, and never to a link's own addresses, where a cloud has the keys of the machine; the
 * secret is one or two, separated by a space. A problem never quotes a secret, nor the URL, which may hold one.
 */
export function readWebhook(url: string | undefined, secret: string | undefined): WebhookSetting {
  if ((url ?? "") === "" && (secret ?? "") === "") return null;
  const problem = urlProblem(url ?? "") ?? secretProblem(secret ?? "");
  return problem === null ? { url: url ?? "", secrets: (secret ?? "").trim().split(/\s+/) } : { problem };
}

function urlProblem(text: string): string | null {
  const name = "WARMPOOL_WEBHOOK_URL";
  if (text === "") return `${name} is not set, but its secret is; set both or neither`;
  const url = URL.parse(text);
  if (url === null) return `${name} is not a URL; use one such as https://app.example/hooks/warmpool`;
  if (url.username !== "" || url.password !== "") return `${name} must not contain a user or password`;
  if (isLinkLocal(url.hostname))
    return `${name} must not be a link-local address (169.254.0.0/16, fe80::/10) or an unspecified one (0.0.0.0, ::)`;
  if (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname))) return null;
  return `${name} must be https, because its messages contain usernames (http is allowed only for addresses of this machine)`;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** Other spellings of an address have become this one when a URL was parsed. */
function isLinkLocal(host: string): boolean {
  return (
    /^(169\.254|0)(\.\d+){2,3}$/.test(host) ||
    /^\[(fe[89ab][0-9a-f]:.*|::|::ffff:(a9fe|0):[0-9a-f]+)\]$/.test(host)
  );
}

function secretProblem(text: string): string | null {
  const secrets = text.trim().split(/\s+/);
  if (secrets.length <= 2 && secrets.every((secret) => SECRET.test(secret))) return null;
  return 'WARMPOOL_WEBHOOK_SECRET must be whsec_ and 24 to 64 bytes in base64, or two such with a space between; make one: echo "whsec_$(openssl rand -base64 32)"';
}
