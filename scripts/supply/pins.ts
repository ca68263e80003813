import { nameAt, type Lock, type Manifest } from "./lock.ts";

/** One version and one content for everything that is installed, whenever and wherever that is. */
const EXACT = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/;

/** @returns a sentence for each range in package.json */
export function ranges({
  dependencies,
  devDependencies,
}: Pick<Manifest, "dependencies" | "devDependencies">) {
  return Object.entries({ ...dependencies, ...devDependencies })
    .filter(([, version]) => !EXACT.test(version))
    .map(([name, version]) => `package.json: ${name} is ${version}. Write one exact version, such as 1.2.3.`);
}

/** @returns a sentence for each package of the lock file whose content nothing pins */
export function unpinned({ packages }: Lock): string[] {
  return Object.entries(packages)
    .filter(([path, { integrity }]) => path !== "" && integrity?.startsWith("sha512-") !== true)
    .map(
      ([path, { version }]) =>
        `package-lock.json: ${nameAt(path)} ${version} has no sha512. Install it from the registry again: npm install.`,
    );
}
