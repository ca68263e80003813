import { DEFAULT_SOCKET } from "../../../../src/relay/drivers/incus/driver.ts";

/** What scripts/install-incus.sh and scripts/build-image.sh make when nothing else is asked for. */
export const PLACE = {
  socket: DEFAULT_SOCKET,
  project: "warmpool",
  storagePool: "warmpool",
  profile: "warmpool",
  image: "warmpool-debian",
};
