import { test } from "vitest";
import { INSTALLED } from "../../src/relay/drivers/incus/place.ts";
import { twoInstallations } from "./twoInstallations.ts";

test("R9 two installations share a project of Incus: each reaps its own orphan, and no other's machine", async () => {
  await twoInstallations({ driver: "incus" }, INSTALLED.image);
});
