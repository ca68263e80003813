import { ADMIN_TOKEN } from "../edges.ts";
import { deadline } from "../../helpers/patience.ts";

/** An answer of the admin HTTP, its body parsed whatever it is. */
export type Answer = { status: number; headers: Headers; body: unknown };

export type CallOptions = {
  /** Null sends none. */
  token?: string | null;
  body?: unknown;
  headers?: Record<string, string>;
};

/** `call(edge.url, "PUT", "/pools/demo", { body })`: one request below /admin/v1, as an admin unless told otherwise. */
export async function call(
  url: string,
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<Answer> {
  const { token = ADMIN_TOKEN, body, headers = {} } = options;
  const response = await fetch(`${url}/admin/v1${path}`, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    signal: deadline(20),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? null : (JSON.parse(text) as unknown),
  };
}
