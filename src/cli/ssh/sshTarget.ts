import { errorCode } from "../../client/index.ts";
import type { Assignment } from "../../contract/assignment.ts";
import type { MachineView } from "../../contract/machine.ts";
import { headline } from "../views/assignmentView.ts";
import { CliError, EXIT } from "../terminal/exit.ts";
import { aboutTester } from "../session/existingTester.ts";
import { next } from "../session/session.ts";
import type { Session } from "../session/session.ts";
import type { SshTarget } from "./sshArguments.ts";
import { fingerprintOf } from "./sshIdentity.ts";
import { testerOf, testerWords } from "../inputs/testerOptions.ts";
import type { TesterOptions } from "../inputs/testerOptions.ts";

/** What is dialled, and the fingerprints of the keys that open it, in words where none are known. */
export type Dialled = {
  target: SshTarget;
  opensTo: () => Promise<string[]>;
  /** Why nobody may get in yet, whatever their key. */
  notYet: string | null;
};

/**
 * Whom `warmpool ssh WHOM` dials: a tester's machine as the tester, or, where no tester is called that, the machine of
 * that name or id as root, which opens to the pool's adminSshKeys. Testers go first: naming one never leads into
 * somebody else's account.
 * @throws CliError where it cannot be dialled now; the API's error where there is neither.
 */
export async function sshTarget(session: Session, whom: string, options: TesterOptions): Promise<Dialled> {
  // No tester is called like an id: that has more letters than a username may have.
  if (isId(whom)) return machineTarget(session, await session.client.machine.get.query({ id: whom }));
  try {
    const assignment = await aboutTester(
      session,
      { verb: ["ssh"], tester: testerOf(whom, options) },
      (tester) => session.client.tester.status.query(tester),
    );
    return testersMachine(session, assignment, options);
  } catch (error) {
    if (!["NOT_FOUND", "BAD_REQUEST"].includes(errorCode(error) ?? "")) throw error;
    return machineTarget(session, await machineOr(error, session, whom));
  }
}

function isId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** The machine of that name; `noTester` is thrown where there is none, or where this token may not ask. */
async function machineOr(noTester: unknown, session: Session, name: string): Promise<MachineView> {
  try {
    return await session.client.machine.get.query({ id: name });
  } catch (error) {
    throw ["NOT_FOUND", "FORBIDDEN", "BAD_REQUEST"].includes(errorCode(error) ?? "") ? noTester : error;
  }
}

function testersMachine(session: Session, assignment: Assignment, options: TesterOptions): Dialled {
  const { username, state, machine } = assignment;
  const words = testerWords(username, options);
  if (state === "released") {
    throw new CliError(
      EXIT.notFound,
      `${username} no longer has a machine.`,
      `\`${next(session, "assign", ...words, "--key FILE")}\` gets one.`,
    );
  }
  if (machine === null) {
    throw new CliError(
      EXIT.conflict,
      `${username} has no machine yet. ${headline(assignment, Date.now())}`,
      `\`${next(session, "tester", ...words)}\` shows when it is ready.`,
    );
  }
  const notYet = state === "setting_up" ? headline(assignment, Date.now()) : null;
  return { target: machine, opensTo: async () => assignment.keyFingerprints ?? [], notYet };
}

/** As root, by the address that testers dial: what an admin's own host reaches too. */
function machineTarget(session: Session, machine: MachineView): Dialled {
  const { name, state, access, hostKey } = machine;
  if (state === "deleted") throw new CliError(EXIT.notFound, `${name} is gone.`);
  if (access === null || hostKey === null) {
    throw new CliError(
      EXIT.conflict,
      `${name} is ${state}, and its address is not known yet.`,
      `\`${next(session, "machine", "get", name)}\` shows its progress.`,
    );
  }
  const opensTo = async () => {
    if (machine.pool === null) return [];
    const { spec } = await session.client.pool.get.query({ name: machine.pool });
    return spec.adminSshKeys.flatMap((key) => fingerprintOf(key) ?? []);
  };
  return { target: { name, ...access, user: "root", hostKey }, opensTo, notYet: null };
}
