import type { Sql } from "postgres";
import { type Door, type Key, ssh } from "../../harness/sshClient.ts";
import { checkNotes, NOTES } from "../../harness/stepRecipe.ts";

/**
 * Log-ins as testers do them, with their own OpenSSH and the host key that they were told: those who have a machine
 * get in and find each step of the set-up done once, nobody else gets in, and who has given it back gets in no more.
 */
export type Hold = Door & { assignment: string; machine: string; name: string; username: string };

/** Of active assignments, those whose machine the database calls assigned. */
export async function activeHolds(sql: Sql): Promise<Hold[]> {
  return sql<Hold[]>`
    select a.id as assignment, m.id as machine, m.name, a.username, m.access_host as host, m.access_port as port,
      m.host_key as "hostKey"
    from assignments a join machines m on m.id = a.machine
    where a.state = 'active' and m.state = 'assigned' order by a.seq`;
}

/** Holds that have ended, so that nobody should get in by them: the latest ones, with the key of that time. */
export async function endedHolds(sql: Sql): Promise<Hold[]> {
  return sql<Hold[]>`
    select a.id as assignment, m.id as machine, m.name, a.username, m.access_host as host, m.access_port as port,
      m.host_key as "hostKey"
    from assignments a join machines m on m.id = a.machine
    where a.state = 'released' and a.access_ended_at is not null and m.access_port is not null
    order by a.access_ended_at desc limit 10`;
}

/** @returns what is wrong, or null where the tester is in and each step was done once. */
export async function getsIn(hold: Hold, key: Key): Promise<string | null> {
  const { username, name } = hold;
  const ran = await ssh(hold, username, key, `id -un && cat ${NOTES}`);
  const [user, ...notes] = ran.stdout.split("\n");
  if (ran.code !== 0 || user !== username)
    return `${username} cannot log in to ${name}: ssh ended with ${ran.code}: ${ran.stderr.trim()}`;
  try {
    checkNotes(notes.join("\n"));
    return null;
  } catch (error) {
    return `on ${name} of ${username} ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** @returns what is wrong, or null where that key opens nothing there. */
export async function staysOut(hold: Hold, key: Key, whose: string): Promise<string | null> {
  const ran = await ssh(hold, hold.username, key, "true");
  return ran.code === 255 ? null : `${whose} opens ${hold.name} as ${hold.username}`;
}
