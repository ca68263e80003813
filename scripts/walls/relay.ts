import { NODE, type Room } from "./room.ts";

/** The rooms of the relay, from the bottom up. */
const ENTRY = {
  why: "An entry puts parts together and has no logic of its own.",
  instead: "Put the logic into the room that owns it, and call that.",
};
const DRIVER = {
  why: "A driver knows its interface and the relay's tools, and no other driver.",
  instead: "Move what two drivers share to src/relay.",
};

export const RELAY: Record<string, Room> = {
  "src/relay": {
    may: ["src/contract", NODE],
    why: "Here is what all of the relay shares: the driver's interface, errors, the log, text.",
    instead: "Put it into the room that needs it.",
  },
  "src/relay/time": {
    may: ["src/contract", NODE],
    why: "Clocks and the judgement of lateness know nothing of what is timed.",
    instead: "Pass in what they need.",
  },
  "src/relay/ssh": {
    may: ["src/contract", "src/relay", "src/relay/time", "ssh2", NODE],
    why: "A connection to a machine does not depend on what is done over it.",
    instead: "Do it in src/relay/operations or src/relay/setup.",
  },
  "src/relay/session": {
    may: [
      ...["src/contract", "src/relay", "src/relay/time", "src/relay/ssh", "@trpc/client", "ssh2"],
      ...["zod", NODE],
    ],
    why: "The loop leases operations and reports their results, and does not know what they do.",
    instead: "Add it to src/relay/operations, which the loop is given as a function.",
  },
  "src/relay/tools.ts": {
    may: [],
    types: ["src/contract", "src/relay", "src/relay/time", "src/relay/ssh", "src/relay/session"],
    why: "It names what executors work with, and makes nothing.",
    instead: "Make it in src/relay/main.ts.",
  },
  "src/relay/setup": {
    may: ["src/contract", "src/relay", "src/relay/time", "src/relay/ssh", NODE],
    types: ["src/relay/session", "src/relay/tools.ts"],
    why: "A set-up works over SSH on any machine, whichever driver made it.",
    instead: "Extend the interface in src/relay/driver.ts.",
  },
  "src/relay/operations": {
    may: [
      ...["src/contract", "src/relay", "src/relay/time", "src/relay/ssh", "src/relay/session"],
      ...["src/relay/setup", NODE],
    ],
    types: ["src/relay/tools.ts"],
    why: "An operation is done with a driver and over SSH, and knows neither the edge nor which driver it is.",
    instead:
      "Put what both sides must know into src/contract, and what drivers differ in behind src/relay/driver.ts.",
  },
  "src/relay/drivers/exec": { may: ["src/contract", "src/relay", "src/relay/setup", "zod", NODE], ...DRIVER },
  "src/relay/drivers/incus": {
    may: ["src/relay", "src/relay/time", "zod", NODE],
    types: ["src/contract"],
    ...DRIVER,
  },
  "src/relay/drivers/local": {
    may: ["src/contract", "src/relay", "src/relay/time", "esbuild", "zod", NODE],
    ...DRIVER,
  },
  "src/relay/drivers/local/sshServer": {
    may: ["ssh2", NODE],
    why: "The local machines' SSH server is a program of its own, bundled and started for each machine.",
    instead: "Pass it what it needs as an argument or in a file.",
  },
  "src/relay/drivers": {
    may: [
      ...["src/contract", "src/relay", "src/relay/drivers/exec", "src/relay/drivers/incus"],
      ...["src/relay/drivers/local", NODE],
    ],
    why: "One file chooses the driver, and it alone knows them all.",
    instead: "Ask it for a driver.",
  },
  "src/relay/conformance": {
    may: [
      ...["src/contract", "src/relay", "src/relay/time", "src/relay/ssh", "src/relay/drivers/exec"],
      ...[NODE],
    ],
    why: "The driver check asks any driver program the same questions, and knows none from the inside.",
    instead: "Ask over the protocol of src/relay/drivers/exec.",
  },
  "src/relay/main.ts": {
    may: [
      ...["src/host", "src/relay", "src/relay/time", "src/relay/ssh", "src/relay/session"],
      ...["src/relay/operations", "src/relay/drivers", NODE],
    ],
    types: ["src/contract"],
    ...ENTRY,
  },
};
