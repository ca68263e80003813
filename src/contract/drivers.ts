/** What can make a node's machines, by the names that `--driver` takes. */
export const DRIVERS = ["incus", "exec", "local"] as const;
export type DriverName = (typeof DRIVERS)[number];

/** Those that `npm start` can set up by itself. */
export const STACK_DRIVERS = ["incus", "local"] as const satisfies readonly DriverName[];
export type StackDriver = (typeof STACK_DRIVERS)[number];
