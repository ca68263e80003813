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

/** The variables by which those scripts give the four other names. */
export const PLACE_VARIABLES = {
  project: "WARMPOOL_INCUS_PROJECT",
  storagePool: "WARMPOOL_INCUS_POOL",
  profile: "WARMPOOL_INCUS_PROFILE",
  image: "WARMPOOL_IMAGE",
} as const satisfies Record<keyof Place, string>;

/** What the environment names of the place, as the scripts read it: an empty variable names nothing. */
export function namedPlace(env: Readonly<NodeJS.ProcessEnv>): Partial<Required<Place>> {
  const named: Partial<Required<Place>> = {};
  for (const key of ["project", "storagePool", "profile", "image"] as const) {
    const name = env[PLACE_VARIABLES[key]] ?? "";
    if (name !== "") named[key] = name;
  }
  return named;
}
