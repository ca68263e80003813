import { expect, test } from "vitest";
import { callerAddress, readTrustedProxies } from "../../src/host/callerAddress.ts";

function proxies(text: string | undefined) {
  const read = readTrustedProxies(text);
  if ("problem" in read) throw new Error(read.problem);
  return read.proxies;
}

test.each([
  ["nothing is trusted, whatever the caller claims", undefined, "127.0.0.1", "203.0.113.9", "127.0.0.1"],
  ["a caller that is no proxy writes the header", "127.0.0.1", "198.51.100.7", "203.0.113.9", "198.51.100.7"],
  ["a trusted proxy names its caller", "127.0.0.1", "127.0.0.1", "203.0.113.9", "203.0.113.9"],
  ["the caller put an address before it", "127.0.0.1", "127.0.0.1", "192.0.2.1, 203.0.113.9", "203.0.113.9"],
  ["two trusted proxies", "127.0.0.1,10.0.0.0/8", "127.0.0.1", "203.0.113.9, 10.1.2.3", "203.0.113.9"],
  ["only trusted proxies", "127.0.0.1 10.0.0.0/8", "127.0.0.1", "10.1.2.3", "10.1.2.3"],
  ["IPv4 over an IPv6 socket", "127.0.0.1", "::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9"],
  ["IPv6", "::1, fd00::/8", "::1", "2001:db8::7", "2001:db8::7"],
  ["no header", "127.0.0.1", "127.0.0.1", undefined, "127.0.0.1"],
  ["no address in it", "127.0.0.1", "127.0.0.1", "203.0.113.9, unknown", "127.0.0.1"],
  ["a connection that has ended", "127.0.0.1", undefined, "203.0.113.9", undefined],
])("address of a caller: %s", (_, trusted, peer, forwarded, expected) => {
  expect(callerAddress(peer, forwarded, proxies(trusted))).toBe(expected);
});

test.each(["localhost", "10.0.0.0/33", "10.0.0.0/8/8", "10.0.0.0/", "fd00::/129", "0.0.0.0/-1"])(
  "trusted proxies: %s → refused with the setting's name",
  (text) => {
    expect(readTrustedProxies(`127.0.0.1 ${text}`)).toEqual({
      problem: expect.stringContaining(`WARMPOOL_TRUSTED_PROXIES has ${text}`),
    });
  },
);
