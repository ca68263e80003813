/** Where in Incus a driver's machines are: all of it is Warmpool's own, and nothing outside of it is touched. */
export type Place = {
  project: string;
  storagePool: string;
  profile: string;
  /** Alias of an image that all machines are made of, whatever image their pool names. */
  image?: string;
};

/** What scripts/install-incus.sh and scripts/build-image.sh make, on the socket of Debian's packages. */
export const INSTALLED = {
  socket: "/var/lib/incus/unix.socket",
  project: "warmpool",
  storagePool: "warmpool",
  profile: "warmpool",
  image: "warmpool-debian",
} as const satisfies Required<Place> & { socket: string };
