import { type CreateRequest, type Driver, DriverError, type DriverMachine, type Mark } from "./driver.ts";

/**
 * Keeps every driver to what is proven to be this node's: a machine whose mark names it, and of which the hypervisor
 * does not say that it is a copy. A person who renames a machine, copies it or imports its backup copies its mark too;
 * what they keep so is theirs. It is reported, and never started, stopped or deleted from here.
 */
type Owner = { installation: string; node: string };

/** The driver, which from now on neither shows nor touches a copy but as one of `copies` of its listing. */
export function onlyOwn(driver: Driver, { installation, node }: Owner): Driver {
  // Nothing else of what the relay knows of itself may get into a mark: its credential is there too.
  const owner: Owner = { installation, node };
  const isOwn = (machine: DriverMachine) => originalOf(machine, owner) === null;

  /** Whether there is a copy of that name: to whoever asks for our machine, it is not there. */
  async function isCopied(name: string, signal: AbortSignal): Promise<boolean> {
    const found = await driver.get(name, signal);
    return found !== null && !isOwn(found);
  }

  function markOwn(put: NonNullable<Driver["mark"]>): NonNullable<Driver["mark"]> {
    return async (request, signal) => {
      if (await isCopied(request.name, signal)) throw new DriverError("failed", copyText(request.name));
      return put({ ...request, mark: { ...owner, machine: request.name } }, signal);
    };
  }

  function unmarkOwn(take: NonNullable<Driver["unmark"]>): NonNullable<Driver["unmark"]> {
    return async (name, signal) => {
      if (!(await isCopied(name, signal))) await take(name, signal);
    };
  }

  return {
    ...driver,
    create: (request: CreateRequest, signal) =>
      driver.create({ ...request, mark: { ...owner, machine: request.name } }, signal),
    ...(driver.mark === undefined ? {} : { mark: markOwn(driver.mark) }),
    ...(driver.unmark === undefined ? {} : { unmark: unmarkOwn(driver.unmark) }),
    async get(name, signal) {
      const found = await driver.get(name, signal);
      return found !== null && isOwn(found) ? found : null;
    },
    async list(signal) {
      const listing = await driver.list(signal);
      const copies = listing.machines.flatMap((machine) => {
        const of = originalOf(machine, owner);
        return of === null ? [] : [{ name: machine.name, of }];
      });
      return { ...listing, machines: listing.machines.filter(isOwn), copies };
    },
    async start(name, signal) {
      if (await isCopied(name, signal)) throw new DriverError("failed", copyText(name));
      return driver.start(name, signal);
    },
    async stop(name, signal) {
      if (!(await isCopied(name, signal))) await driver.stop(name, signal);
    },
    async delete(name, signal) {
      if (!(await isCopied(name, signal))) await driver.delete(name, signal);
    },
  };
}

/** The machine that this one is a copy of, by its name; null where it is none, as far as its mark says. */
export function originalOf({ name, mark, copied }: DriverMachine, owner: Owner): string | null {
  if (mark === undefined) return copied === true ? name : null;
  const isWhole = mark.machine === name && isOwners(mark, owner);
  return isWhole && copied !== true ? null : mark.machine;
}

function isOwners(mark: Mark, { installation, node }: Owner): boolean {
  return mark.installation === installation && mark.node === node;
}

function copyText(name: string): string {
  return `There is no machine ${name} on this node: the machine with that name carries another machine's mark, so it is a copy`;
}
