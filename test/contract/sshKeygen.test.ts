import { execFileSync, spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readSshPublicKey } from "../../src/contract/sshKey.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";

/** Keys of every kind, whole and damaged, judged by us and by the ssh-keygen of this system. */
test("what is accepted ssh-keygen takes, and what is refused it refuses", async () => {
  await using folder = await temporaryFolder();
  const whole = [...generated(folder.path), ...crafted(), ...odd()];
  const judge = (lines: readonly string[]) => takenByKeygen(join(folder.path, "lines"), lines);
  compare(
    whole.map(({ type, blob }) => `${type} ${blob.toString("base64")}`),
    judge,
  );
  const damaged = fc.constantFrom(...whole).chain(damagedForms);
  fc.assert(
    fc.property(fc.array(damaged, { minLength: 150, maxLength: 150 }), (lines) => compare(lines, judge)),
    { numRuns: 6 },
  );
});

function compare(lines: readonly string[], judge: (lines: readonly string[]) => boolean[]): void {
  const ours = lines.map((line) => readSshPublicKey(line));
  const originals = judge(lines);
  const repaired = judge(ours.map((read) => ("line" in read ? read.line : "")));
  for (const [index, read] of ours.entries()) {
    if ("line" in read) expect(repaired[index], `accepted: ${lines[index]}`).toBe(true);
    else expect(originals[index], `refused, it ${read.problem}: ${lines[index]}`).toBe(false);
  }
}

type Key = { type: string; blob: Buffer };

function generated(folder: string): Key[] {
  const kinds = [
    ["ed25519"],
    ["rsa", "-b", "1024"],
    ["rsa", "-b", "2048"],
    ["ecdsa", "-b", "256"],
    ["ecdsa", "-b", "384"],
    ["ecdsa", "-b", "521"],
  ];
  return kinds.map((kind) => {
    const file = join(folder, kind.join(""));
    execFileSync("ssh-keygen", ["-q", "-N", "", "-C", "", "-f", file, "-t", ...kind]);
    const [type = "", blob = ""] = readFileSync(`${file}.pub`, "utf8").split(" ");
    return { type, blob: Buffer.from(blob, "base64") };
  });
}

/** Security keys, which take a device to be made. */
function crafted(): Key[] {
  const jwk = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" });
  const point = Buffer.from([
    4,
    ...Buffer.from(jwk.x ?? "", "base64url"),
    ...Buffer.from(jwk.y ?? "", "base64url"),
  ]);
  const ecdsa = "sk-ecdsa-sha2-nistp256@openssh.com";
  return [
    key("sk-ssh-ed25519@openssh.com", Buffer.alloc(32, 7), "ssh:"),
    key(ecdsa, "nistp256", point, "ssh:"),
    key(ecdsa, "nistp256", point, "ssh:\0"),
    key(ecdsa, "nistp256", point, "s\0sh:"),
    key(ecdsa, "nistp384", point, "ssh:"),
  ];
}

/** Sizes at the bounds, numbers in another form, fields too many and too few, and types that are not taken. */
function odd(): Key[] {
  const exponent = Buffer.from([1, 0, 1]);
  const modulus = (bytes: number, first: number) =>
    Buffer.concat([Buffer.from([0, first]), Buffer.alloc(bytes - 1, 0xa5)]);
  return [
    key("ssh-rsa", exponent, modulus(128, 0x80)),
    key("ssh-rsa", exponent, modulus(128, 0x7f)),
    key("ssh-rsa", exponent, modulus(2048, 0x80)),
    key("ssh-rsa", exponent, modulus(2049, 0x01)),
    key("ssh-rsa", exponent, modulus(256, 0x80).subarray(1)),
    key("ssh-rsa", exponent, Buffer.concat([Buffer.alloc(3), modulus(256, 0x80)])),
    key("ssh-rsa", Buffer.from([0x81]), modulus(256, 0x80)),
    key("ssh-rsa", modulus(256, 0x80), exponent),
    key("ssh-rsa", exponent),
    key("ssh-rsa", exponent, modulus(256, 0x80), ""),
    key("ssh-ed25519", Buffer.alloc(31)),
    key("ssh-ed25519", Buffer.alloc(33)),
    key("ecdsa-sha2-nistp256", "nistp256", Buffer.from([0])),
    key("ecdsa-sha2-nistp256", "nistp256", Buffer.from([2, ...Buffer.alloc(32, 1)])),
    key("ecdsa-sha2-nistp256", "nistp256", Buffer.from([4, ...Buffer.alloc(64, 0xff)])),
    key("ssh-unknown", Buffer.alloc(32)),
  ];
}

function key(type: string, ...fields: (string | Buffer)[]): Key {
  const parts = [type, ...fields].map((field) => Buffer.from(field));
  return {
    type,
    blob: Buffer.concat(
      parts.flatMap((part) => {
        const length = Buffer.alloc(4);
        length.writeUInt32BE(part.length);
        return [length, part];
      }),
    ),
  };
}

/** The lines that one act of damage makes of a key: to its bytes, or to its text. */
function damagedForms({ type, blob }: Key): fc.Arbitrary<string> {
  const at = fc.nat({ max: blob.length - 1 });
  const line = (bytes: Buffer) => `${type} ${bytes.toString("base64")}`;
  const text = line(blob);
  const place = fc.nat({ max: text.length - 1 });
  const character = fc.constantFrom(..."ABwx/+=-_ .,\t\"'é");
  const splice = (where: number, remove: number, insert: string) =>
    text.slice(0, where) + insert + text.slice(where + remove);
  return fc.oneof(
    fc.constant(text),
    fc.constant(text.replace(/=+$/, "")),
    fc.constant(text.replace(/=$/, "")),
    fc.constant(`${text}=`),
    fc.tuple(at, fc.integer({ min: 1, max: 255 })).map(([where, bits]) => {
      const bytes = Buffer.from(blob);
      bytes.writeUInt8((bytes[where] ?? 0) ^ bits, where);
      return line(bytes);
    }),
    at.map((end) => line(blob.subarray(0, end))),
    fc.uint8Array({ minLength: 1, maxLength: 9 }).map((more) => line(Buffer.concat([blob, more]))),
    fc.nat({ max: 6 }).map((count) => text.slice(0, text.length - count)),
    place.map((where) => splice(where, 1, "")),
    fc.tuple(place, character).map(([where, one]) => splice(where, 1, one)),
    fc.tuple(place, character).map(([where, one]) => splice(where, 0, one)),
  );
}

/** Whether ssh-keygen shows a fingerprint for each of the lines; found again by a comment. */
function takenByKeygen(file: string, lines: readonly string[]): boolean[] {
  writeFileSync(file, lines.map((line, index) => (line === "" ? "" : `${line} line-${index}.`)).join("\n"));
  const { stdout } = spawnSync("ssh-keygen", ["-lf", file], { encoding: "utf8" });
  const taken = new Set([...stdout.matchAll(/ line-(\d+)\. \(/g)].map(([, index]) => Number(index)));
  return lines.map((_, index) => taken.has(index));
}
