import { ADMIN_TOKEN } from "./edges.ts";

/** Requests as nobody's library sends them, for raw sockets: each has to come to an end, and none is a failure of ours. */

/** The head of a POST whose body is `more`; without a token if `bearer` is empty. */
export const post = (path: string, bearer: string, more = "content-length: 1000000") =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\n${bearer === "" ? "" : `authorization: Bearer ${bearer}\r\n`}content-type: application/json\r\n${more}\r\n\r\n`;

const wrongMultipart = `POST /trpc/token.create HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ADMIN_TOKEN}\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: 3\r\n\r\n--y`;

export const ODDITIES: [string, string][] = [
  ["TRACE", "TRACE / HTTP/1.1\r\nhost: x\r\n\r\n"],
  ["CONNECT", "CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n"],
  ["an unknown method", "BREW /trpc/tester.list HTTP/1.1\r\nhost: x\r\n\r\n"],
  ["OPTIONS *", "OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n"],
  ["an address that is none", "GET http://[ HTTP/1.1\r\nhost: x\r\n\r\n"],
  ["a host that is none", "GET /trpc/x HTTP/1.1\r\nhost: [[\r\n\r\n"],
  ["no host", "GET /trpc/x HTTP/1.0\r\n\r\n"],
  ["bad escapes in its path", "GET /trpc/%zz%00?batch=1 HTTP/1.1\r\nhost: x\r\n\r\n"],
  ["another expectation", "POST /trpc/x HTTP/1.1\r\nhost: x\r\nexpect: 200-ok\r\ncontent-length: 1\r\n\r\n"],
  ["an upgrade", "GET /trpc/x HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"],
  ["HTTP/2 unasked", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["two lengths", "POST /trpc/x HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"],
  ["a head that is too large", `GET /trpc/x HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(70_000)}\r\n\r\n`],
  ["a wrong multipart body", wrongMultipart],
  ["a chunk of no size", `${post("/trpc/token.create", ADMIN_TOKEN, "transfer-encoding: chunked")}zz\r\n`],
];
