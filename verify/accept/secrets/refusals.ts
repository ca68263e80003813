import type { Asking } from "./asking.ts";
import type { Planted } from "./planted.ts";

/**
 * Requests that are no good, with a secret in the place that is to blame for it; what was answered stands with `asking`.
 * `ann` and `cid` are there, `cid` by HTTP under the key `cid-asks`.
 * @param url the edge's
 * @throws Error where one is not refused as it has to be.
 */
export async function refusals(asking: Asking, secret: Planted, url: string): Promise<void> {
  const value = secret.value("eve");
  const wrong: [what: string, expected: number, status: number][] = [];
  const post = async (what: string, path: string, body: string) =>
    wrong.push([what, 400, await asking.post(`${url}${path}`, body)]);
  for (const path of ["/trpc/tester.assign", "/admin/v1/assignments"]) {
    await post("a body that is cut", path, `{"username":"eve","sshKeys":[],"params":{"license":"${value}`);
    await post("a body that is a text", path, JSON.stringify(value));
    await post("a text for params", path, JSON.stringify({ username: "eve", sshKeys: [], params: value }));
    await post("it for a user", path, JSON.stringify({ username: value, sshKeys: [], params: {} }));
    await post("it for a key", path, JSON.stringify({ username: "eve", sshKeys: [value], params: {} }));
  }
  wrong.push([
    "another request under that key",
    409,
    await asking.byHttp(url, "cid", "cid-asks", { spare: value }),
  ]);
  const unexpected = wrong.filter(([, expected, status]) => status !== expected);
  if (unexpected.length > 0) throw new Error(`answered: ${JSON.stringify(unexpected)}`);
  const codes = [
    await asking.refused("eve", { license: `${value} with a space` }),
    await asking.refused("ann", { spare: value }),
  ];
  if (codes.join() !== "BAD_REQUEST,CONFLICT") throw new Error(`refused with ${codes.join(", ")}`);
}
