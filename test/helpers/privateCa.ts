import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A CA of the test's own, and the certificate for a host that it has signed: paths of PEM files. */
export type PrivateCa = { ca: string; caText: string; certificate: string; key: string };

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Makes both in `folder`. */
export function privateCa(folder: string, host = "localhost"): PrivateCa {
  const path = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => void execFileSync("openssl", args, { stdio: "ignore" });
  const [ca, caKey, certificate, key] = ["ca.pem", "ca.key", "cert.pem", "cert.key"].map(path) as [
    ...[string, string, string, string],
  ];
  const names = path("names");
  writeFileSync(names, `subjectAltName=DNS:${host}\n`);
  const days = ["-days", "2"];
  openssl("req", "-x509", ...KEY, "-keyout", caKey, "-out", ca, "-subj", "/CN=CA of a test", ...days);
  openssl("req", ...KEY, "-keyout", key, "-out", path("csr"), "-subj", `/CN=${host}`);
  const signed = ["-CA", ca, "-CAkey", caKey, "-CAcreateserial", "-extfile", names, ...days];
  openssl("x509", "-req", "-in", path("csr"), "-out", certificate, ...signed);
  return { ca, caText: readFileSync(ca, "utf8"), certificate, key };
}
