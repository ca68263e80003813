import { randomBytes } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../harness/part.ts";
import { run, runWith } from "../../harness/program.ts";
import { startUnprivileged, wrapped } from "../../harness/unprivileged.ts";
import { until } from "../../../test/helpers/until.ts";

/**
 * A Postgres from Debian's packages, for what the one that npm brings lacks: pg_dump and pg_restore of its own version.
 * It listens on loopback, and everything it writes is below one folder.
 */
export type DebianPostgres = {
  /** Without the password, which is in no command line. */
  url: string;
  password: string;
  version: string;
  /** Runs a line of shell with the version's programs, with `DATABASE_URL` and the password. @throws Error if it fails */
  shell(line: string): Promise<string>;
  /** Drops the database and makes an empty one. */
  wipe(): Promise<void>;
  stop(): Promise<void>;
};

const PACKAGES = "/usr/lib/postgresql";
const NEEDED = ["initdb", "postgres", "pg_dump", "pg_restore", "psql"];
const USER = "warmpool";
const DATABASE = "warmpool";
const READY_SECONDS = 20;
const COMMAND_SECONDS = 60;

/** The programs of the newest version that has them all; null on a host that has none. */
export function debianPrograms(): string | null {
  const versions = existsSync(PACKAGES) ? readdirSync(PACKAGES).map(Number) : [];
  const folders = versions.toSorted((a, b) => b - a).map((version) => join(PACKAGES, String(version), "bin"));
  return folders.find((folder) => NEEDED.every((name) => existsSync(join(folder, name)))) ?? null;
}

/**
 * @param programs from `debianPrograms`
 * @param folder is made for it
 * @throws Error with the program's output if it cannot be made or does not answer; nothing runs then
 */
export async function startDebianPostgres(programs: string, folder: string): Promise<DebianPostgres> {
  const data = join(folder, "data");
  const password = randomBytes(24).toString("base64url");
  const passwordFile = join(folder, "password");
  await mkdir(data, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o711);
  await writeFile(passwordFile, `${password}\n`);
  const made = await asNobody(
    [
      ...[join(programs, "initdb"), `--pgdata=${data}`, `--username=${USER}`, `--pwfile=${passwordFile}`],
      ...["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"],
    ],
    folder,
  );
  if (made.code !== 0) throw new Error(`initdb ended with ${made.code}: ${made.stderr}`);
  await rm(passwordFile);
  const port = await freePort();
  const logFile = join(folder, "log");
  const settings = [`port=${port}`, "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"];
  const server = await startUnprivileged(
    [join(programs, "postgres"), "-D", data, ...settings.flatMap((one) => ["-c", one])],
    folder,
    logFile,
  );
  const url = `postgres://${USER}@127.0.0.1:${port}/${DATABASE}`;
  const env = { DATABASE_URL: url, PGPASSWORD: password, PATH: `${programs}:${process.env["PATH"] ?? ""}` };
  const shell = async (line: string): Promise<string> => {
    const ran = await runWith("", "bash", ["-euo", "pipefail", "-c", line], COMMAND_SECONDS, {
      cwd: folder,
      env,
    });
    if (ran.code !== 0) throw new Error(`${line}\nended with ${ran.code}: ${ran.stderr}`);
    return ran.stdout;
  };
  const administer = (statement: string) =>
    shell(`psql --no-psqlrc --quiet --command='${statement}' '${url.replace(/\w+$/, "postgres")}'`);
  try {
    await until(
      "Postgres to answer",
      async () => !server.hasEnded() && (await shell(`pg_isready --dbname='${url}'`)),
      {
        seconds: READY_SECONDS,
      },
    );
    await administer(`create database ${DATABASE}`);
    const version = (await shell("pg_dump --version")).trim();
    const wipe = async (): Promise<void> => {
      await administer(`drop database ${DATABASE}`);
      await administer(`create database ${DATABASE}`);
    };
    return { url, password, version, shell, wipe, stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function asNobody(command: readonly string[], folder: string) {
  const [program = "", ...args] = await wrapped(command, folder);
  return run(program, args);
}
