import { expect, test } from "vitest";
import { foreignOrigin, originOf, readPublicUrl } from "../../src/api/origin.ts";

const request = (headers: Record<string, string>) =>
  new Request("http://warmpool.internal:8787/trpc/pool.pause", { method: "POST", headers });

test.each([
  ["the address that it was asked at", { origin: "http://warmpool.internal:8787" }, {}],
  ["the same behind a proxy that ends TLS", { origin: "https://warmpool.internal:8787" }, {}],
  [
    "the address of the deployment",
    { origin: "https://w.example.com" },
    { publicOrigin: "https://w.example.com" },
  ],
])("a change from %s → it is taken", (_, headers, edge) => {
  expect(foreignOrigin(request(headers), edge)).toBeNull();
});

test.each([
  ["nobody knows where", {}, "no Origin"],
  ["another host", { origin: "https://w.example.com" }, "https://w.example.com"],
  ["a host that begins alike", { origin: "http://warmpool.internal.example:8787" }, "internal.example"],
  ["a file", { origin: "null" }, "unknown place"],
  [
    "another site, by the browser's word",
    { origin: "http://warmpool.internal:8787", "sec-fetch-site": "same-site" },
    "came from",
  ],
])("a change from %s → it is refused, and the reason says so", (_, headers: Record<string, string>, said) => {
  expect(foreignOrigin(request(headers), {})).toContain(said);
});

test("WARMPOOL_PUBLIC_URL: an origin is taken, anything else is refused with what to set", () => {
  expect(readPublicUrl(undefined)).toBeNull();
  expect(readPublicUrl("")).toBeNull();
  expect(readPublicUrl("https://w.example.com/")).toEqual({ origin: "https://w.example.com" });
  for (const wrong of [
    "w.example.com",
    "ftp://w.example.com",
    "https://w.example.com/pool",
    "https://a:b@w.example.com",
    "https://w.example.com/?x",
  ])
    expect(readPublicUrl(wrong), wrong).toEqual({
      problem: expect.stringContaining("https://warmpool.example.com"),
    });
});

test("links begin at the public address, or where the request was sent", () => {
  expect(originOf(request({}), {})).toBe("http://warmpool.internal:8787");
  expect(originOf(request({}), { publicOrigin: "https://w.example.com" })).toBe("https://w.example.com");
});
