import { request } from "node:http";
import { within } from "../../time/pause.ts";
import { secondsText } from "../../text.ts";

/** One HTTP exchange on a unix socket, that ends by itself: by its answer, its timeout, its signal or its size. */
export type Exchange = {
  socket: string;
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  body?: unknown;
  timeoutSeconds: number;
  signal: AbortSignal;
};

export type Answer = { status: number; body: Buffer };

/** A listing of some thousand machines is a few MiB. */
const LARGEST_ANSWER = 64 * 2 ** 20;

/** There was no whole answer: whether the other side did anything is not known. */
export class NoAnswer extends Error {
  override name = "NoAnswer";
  /** An error code of the system, or how long was waited. */
  readonly why: string;
  constructor({ socket, method, path }: Exchange, why: string, options: ErrorOptions) {
    super(`No response on ${socket} to ${method} ${path}: ${why}`, options);
    this.why = why;
  }
}

/** @throws NoAnswer; the signal's own reason where that is aborted */
export async function exchange(wanted: Exchange): Promise<Answer> {
  wanted.signal.throwIfAborted();
  try {
    return await send(wanted, within(wanted.timeoutSeconds, wanted.signal));
  } catch (error) {
    wanted.signal.throwIfAborted();
    const isLate = error instanceof Error && error.name === "AbortError";
    const why = isLate ? `nothing in ${secondsText(wanted.timeoutSeconds)}` : codeOf(error);
    throw new NoAnswer(wanted, why, { cause: error });
  }
}

function send({ socket, method, path, body }: Exchange, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const content = body === undefined ? "" : JSON.stringify(body);
    const headers = {
      host: "incus",
      "content-type": "application/json",
      "content-length": Buffer.byteLength(content),
    };
    const sent = request({ socketPath: socket, method, path, headers, signal, agent: false }, (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on("data", (part: Buffer) => {
        size += part.length;
        if (size > LARGEST_ANSWER) response.destroy(new Error(`more than ${LARGEST_ANSWER} bytes`));
        else parts.push(part);
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts) }));
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(content);
  });
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? String(error.code) : error.message;
}
