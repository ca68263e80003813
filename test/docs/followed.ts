/**
 * Who followed each piece of advice in src, once: a test, by its file, or a person. A new one is followed before it is
 * written down here; test/docs/advice.test.ts says which are missing, and which are no longer given.
 */
export const FOLLOWED: Readonly<Record<string, readonly string[]>> = {
  "test/cli/everyVerb.db.test.ts": [
    "`…` shows what the set-up printed; retry goes on where it stopped, release gives the machine back.",
    "`…` gets one.",
  ],
  "test/pool/keys.db.test.ts": [
    "The keys before may still open it: try again, or release it if that must end now.",
    "`warmpool tester USER` says why. Assign again with the keys to try once more. If their access must end now: `warmpool release USER`, which ends the machine from outside.",
  ],
  "test/cli/verbs.db.test.ts": [
    "Give it once.",
    "There are ….",
    "Add --yes to do it.",
    "Store it with `npx warmpool recipe push DIR`, or put it into the file.",
    'Write it as { "recipes": […], "pools": […] }.',
    "Give the file ending in .pub, such as ~/.ssh/id_ed25519.pub.",
    'Write the path from the folder on, such as "script": "install.sh".',
  ],
  "test/cli/watch.db.test.ts": [
    "`…` tells how far it is, release gives it back.",
    "`…` tells when it is there.",
    "`…` tells how far it is.",
    "Is Warmpool running? Ask again with `npx warmpool tester USER`.",
  ],
  "test/cli/failure.db.test.ts": [
    "Check --token or WARMPOOL_TOKEN; a token that was revoked is not accepted any more.",
    "This token may not do that. Use one with the role that the verb needs (most need admin).",
    "Wait a moment and try again.",
    "Warmpool or its database is overloaded or just starting. Try again in a moment.",
    "Is it overloaded? …/healthz says how it is.",
    "Is Warmpool running? Start it with npm start, or name another one with --url.",
    "Does the URL lead to a Warmpool? Look at --url or WARMPOOL_URL.",
  ],
  "by hand: a stack with the driver local": [
    "Leave out --no-queue to wait in line, or look at the pool with `npx warmpool status`.",
    "Resume the pool, or ask for a machine of another one with --pool.",
    "The other duties ran; the next sweep tries again.",
    "Look at Progressing: as long as it is true this mends itself.",
    "Wait; `warmpool machine list` shows the phases.",
    "`warmpool pool resume POOL`, or start again.",
    "Start the relay on the node and look at its log; `warmpool node list` shows when each was last heard.",
    "`warmpool machine list --state deleted`, then `warmpool machine get ID`: the evidence (console, cloud-init, SSH) says why. A put of the pool with a mended spec tries again at once.",
    "Look at Degraded.",
    "Look at CapacityAvailable.",
    "`warmpool capacity` says what takes the room; add a node, or end a drain.",
    "Add a node, or find out why a create takes so long (`warmpool machine timeline NAME`). Before a rush that is known, raise `targetSize` in time.",
    "Look at the node's bridge, store and relay. Are the machines really dead: `warmpool node lift NODE`.",
    "Look at the hypervisor on that node; `warmpool node list --json` has what its driver says.",
    "Run the commands there that `warmpool node enroll NODE` prints.",
    "Look at the hypervisor on the node: nothing can be made, deleted or proven gone there until it answers.",
    "see that the cron trigger fires each minute; `npx warmpool sweep` runs them now",
    "`npx warmpool sweep` tries again now",
    "start it again with npm start…; it finds everything as it was",
    "npm start starts it again by itself; its log is in …",
    "chmod 600 …",
    "`npx warmpool node enroll NAME` begins one",
    "run the commands there that `npx warmpool node enroll …` prints",
  ],
  "test/db/migrate.db.test.ts": [
    "Set DATABASE_URL to the postgres:// URL of the database.",
    "DATABASE_URL=… npx warmpool migrate",
  ],
  "test/cli/relay.db.test.ts": [
    "`npx warmpool node enroll NAME`, run where the admin is, prints both commands.",
  ],
  "a package: the name is what Debian has": [
    "Install OpenSSH's client (Debian: openssh-client).",
    "install OpenSSH's client (Debian: openssh-client)",
  ],
  "test/cli/target.test.ts": [
    "Start one here with npm start, or give --url and WARMPOOL_TOKEN.",
    "Give it in WARMPOOL_TOKEN or with --token.",
    "Name another folder with --state-dir.",
    "Start Warmpool again with npm start.",
  ],
  "test/pool/conditions.db.test.ts": [
    "Release testers, see what is stuck in `deleting`, or raise `maxSize`.",
  ],
  "test/pool/silent.db.test.ts": [
    "Start the node's relay. If the host is lost for good: `warmpool node remove NODE --lost`, and the pool is filled elsewhere.",
    "Start its relay and see that it reaches the edge. If the host is lost for good: `warmpool node remove NODE --lost`.",
    "Start the relay there and see that it reaches the edge. If the host is lost for good: `warmpool node remove NODE --lost`.",
  ],
  "test/pool/orphansHeld.db.test.ts": [
    "`warmpool node list --json` names them. Look what they are; where they may go: `warmpool node reap NODE`, for all or by name.",
    "`warmpool status` says what each is and what becomes of it; docs/orphans.md says how to keep one. Where one that waits may go: `warmpool node reap NODE MACHINE`.",
    "`npx warmpool node list --json` names them; where they may go: `npx warmpool node reap …`",
    "look what they are; where one may go: `npx warmpool node reap … MACHINE`",
  ],
  "test/pool/testerMachines.db.test.ts": [
    "Find out who did it. `warmpool machine restart NAME` starts a stopped one; `warmpool machine recreate NAME --reassign` gives the tester another machine and runs the set-up there again.",
  ],
  "test/pool/hostKeys.db.test.ts": [
    "Find out who answers at that address; then `warmpool machine recreate ID`, or release the tester.",
  ],
  "test/relay/drivers/incus/copies.incus.ts": [
    "`warmpool status` says what each is and what becomes of it; docs/orphans.md says how to keep one.",
    "nothing, or find out who made them; docs/orphans.md says how to keep a copy",
  ],
  "test/cli/doctor.db.test.ts": [
    "start it (npm start, or where you host it), or name another with --url",
    "look into the edge's log",
    "use Postgres … to …",
    "use the version of warmpool that the edge has",
    "let NTP set them",
    "make a new one, put it in place, revoke the old",
    "start the relay there, and see that it reaches the edge",
    "wait a moment; if it stays so, its driver does not answer: look into the relay's log",
    "start the relay with --driver",
    "start the relay again: it makes one at its start",
    "let NTP set it",
    "run the same version everywhere; a relay may be replaced while it works",
  ],
  "test/pool/driverProblem.db.test.ts": [
    "look at the hypervisor on the node; nothing can be made, deleted or proven gone there until it answers",
  ],
  "test/pool/secrets.db.test.ts": [
    "set it right where the edge runs, and start the edge again",
    "put that key back into …, behind the first, and retry those that failed; or release them",
    "set … where the edge runs to what `openssl rand -base64 32` prints",
  ],
  "by hand: a stack on Incus": [
    "scripts/install-incus.sh, as root, makes it",
    "scripts/build-image.sh, as root, makes it",
    "What the daemon says: `journalctl -u incus`, or /var/log/incus/incus.log",
    "scripts/install-incus.sh and then scripts/build-image.sh, as root, set it up",
    "scripts/install-incus.sh, as root, starts it",
    "Run it as root, or add the user to the group incus-admin and log in again",
  ],
};
