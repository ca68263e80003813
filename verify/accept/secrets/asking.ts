import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import {
  type Assigned,
  assigned,
  assignment as assignmentView,
  type Local,
} from "../../harness/interface.ts";
import { run } from "../../harness/program.ts";
import { type Rpc, RpcError } from "../../harness/rpc.ts";
import type { Key } from "../../harness/sshClient.ts";
import type { Planted } from "./planted.ts";
import { deadline } from "../../../test/helpers/patience.ts";

/** Every way in which a secret may come in, and what is answered to each: the answers are a place to look through. */
const TIMEOUT_SECONDS = 30;

export class Asking {
  /** All that was answered so far. */
  readonly answers: [place: string, text: string][] = [];
  readonly #local: Local;
  readonly #app: Rpc;
  readonly #secret: Planted;
  readonly #control: Planted;
  readonly #key: Key;

  constructor(local: Local, app: Rpc, key: Key, secret: Planted, control: Planted) {
    this.#local = local;
    this.#app = app;
    this.#key = key;
    this.#secret = secret;
    this.#control = control;
  }

  /** The license that a tester asks with. */
  license(username: string): string {
    return this.#secret.value(username);
  }

  async byRpc(username: string, changes: Record<string, string> = {}): Promise<Assigned> {
    const answer = await this.#app.mutate("tester.assign", this.#input(username, changes), assigned);
    this.#note(`assign ${username}`, answer);
    return answer;
  }

  /** @returns the code of what it was refused with. @throws Error where it was not. */
  async refused(username: string, changes: Record<string, string>): Promise<string> {
    const outcome = await this.byRpc(username, changes).catch((error: unknown) => error);
    if (!(outcome instanceof RpcError)) throw new Error(`${username} was not refused: ${String(outcome)}`);
    this.#note(`the refusal of ${username}`, outcome.message);
    return outcome.code;
  }

  /** @returns its status. */
  async byHttp(url: string, username: string, idempotencyKey: string, changes: Record<string, string> = {}) {
    const body = JSON.stringify(this.#input(username, changes));
    return this.post(`${url}/admin/v1/assignments`, body, { "idempotency-key": idempotencyKey });
  }

  /** Sends that text as it is. @returns the status that it was answered with. */
  async post(url: string, body: string, headers: Record<string, string> = {}): Promise<number> {
    const { adminToken } = this.#local;
    const answer = await fetch(url, {
      method: "POST",
      body,
      headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json", ...headers },
      signal: deadline(TIMEOUT_SECONDS),
    });
    this.#note(`POST ${url}`, `${answer.status} ${await answer.text()}`);
    return answer.status;
  }

  /** By the command line, with the secret in a file, until it can be used. */
  async byCommand(username: string, folder: string, stateDir: string): Promise<void> {
    const file = join(folder, `license-of-${username}`);
    await writeFile(file, `${this.license(username)}\n`, { mode: 0o600 });
    const words = [
      "assign",
      username,
      "--key",
      this.#key.publicFile,
      "--secret",
      `license=${file}`,
      "--wait",
    ];
    const ran = await run("npx", ["warmpool", ...words, "--state-dir", stateDir], 120);
    this.#note(`warmpool assign ${username}`, `${ran.stdout}\n${ran.stderr}`);
    if (ran.code !== 0) throw new Error(`warmpool assign ended with ${ran.code}: ${ran.stderr}`);
  }

  async change(path: "tester.retry" | "tester.release", username: string): Promise<void> {
    const answer = await this.#app.mutate(path, { username }, z.unknown());
    this.#note(`${path} ${username}`, assignmentView.parse(answer));
  }

  #input(username: string, changes: Record<string, string>): object {
    return {
      username,
      sshKeys: [this.#key.publicKey],
      params: { license: this.license(username), note: this.#control.value(username), ...changes },
    };
  }

  #note(place: string, answer: unknown): void {
    this.answers.push([`the answer to ${place}`, JSON.stringify(answer)]);
  }
}
