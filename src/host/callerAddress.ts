import { BlockList, isIP } from "node:net";

/**
 * Which address a request came from, if proxies may be in between. `X-Forwarded-For` is what anybody writes into it, so it
 * counts only if the connection comes from a proxy that WARMPOOL_TRUSTED_PROXIES names, and only from its end, where that
 * proxy has added whom it heard.
 */
export type TrustedProxies = {
  has(address: string): boolean;
};

/** What WARMPOOL_TRUSTED_PROXIES is set to: addresses and networks, separated by commas or spaces. */
export function readTrustedProxies(
  text: string | undefined,
): { proxies: TrustedProxies } | { problem: string } {
  const list = new BlockList();
  for (const word of (text ?? "").split(/[\s,]+/).filter((part) => part !== "")) {
    if (!add(list, word))
      return {
        problem: `WARMPOOL_TRUSTED_PROXIES has ${word}; it takes addresses and networks such as 127.0.0.1, 10.0.0.0/8`,
      };
  }
  return {
    proxies: {
      has: (address) => {
        const family = isIP(address);
        return family !== 0 && list.check(address, family === 6 ? "ipv6" : "ipv4");
      },
    },
  };
}

function add(list: BlockList, word: string): boolean {
  const [address = "", bits, ...rest] = word.split("/");
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  const type = family === 6 ? "ipv6" : "ipv4";
  if (bits === undefined) {
    list.addAddress(address, type);
    return true;
  }
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > (family === 6 ? 128 : 32)) return false;
  list.addSubnet(address, Number(bits), type);
  return true;
}

/**
 * The address of the caller: the last one that is no trusted proxy. What comes before it in the header was written by the
 * caller.
 * @param peer the other end of the connection
 * @param forwarded the header X-Forwarded-For
 */
export function callerAddress(
  peer: string | undefined,
  forwarded: string | undefined,
  proxies: TrustedProxies,
): string | undefined {
  let caller = peer === undefined ? undefined : plain(peer);
  const heard = (forwarded ?? "").split(",").map((part) => plain(part.trim()));
  while (caller !== undefined && proxies.has(caller)) {
    const next = heard.pop();
    // Nobody before it, or no address: then all that is known is the proxy.
    if (next === undefined || isIP(next) === 0) return caller;
    caller = next;
  }
  return caller;
}

/** IPv4 over an IPv6 socket is the same address. */
function plain(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}
