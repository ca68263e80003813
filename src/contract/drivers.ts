/** What can make a node's machines, by the names that `--driver` takes. */
export const DRIVERS = ["incus", "exec", "local"] as const;
export type DriverName = (typeof DRIVERS)[number];

/** Those that `npm start` can set up by itself. */
export const STACK_DRIVERS = ["incus", "local"] as const satisfies readonly DriverName[];
export type StackDriver = (typeof STACK_DRIVERS)[number];

type DriverOption = { driver: DriverName; flag: `--${string}`; value: string; help: string; isList: boolean };

/** What each driver takes on the relay's command line, by the names that options have in code. */
export const DRIVER_OPTIONS = {
  machines: {
    driver: "local",
    flag: "--machines",
    value: "<dir>",
    help: "folder of the local driver's machines",
    isList: false,
  },
  /** Folders of the host that must not be seen inside a machine; the relay's own always is one. */
  hide: {
    driver: "local",
    flag: "--hide",
    value: "<dir>",
    help: "a folder to hide from local machines; may be repeated",
    isList: true,
  },
  program: {
    driver: "exec",
    flag: "--program",
    value: "<file>",
    help: "the program that the driver exec runs",
    isList: false,
  },
  pass: {
    driver: "exec",
    flag: "--pass",
    value: "<name>",
    help: "an environment variable that the program sees; may be repeated",
    isList: true,
  },
  timeout: {
    driver: "exec",
    flag: "--timeout",
    value: "<command=time>",
    help: "time limit of a command of the program, such as create=25m; repeatable",
    isList: true,
  },
  socket: {
    driver: "incus",
    flag: "--socket",
    value: "<file>",
    help: "the unix socket of Incus",
    isList: false,
  },
  /** This and the next two: by default what the install scripts take from the environment, which is warmpool for all. */
  project: {
    driver: "incus",
    flag: "--project",
    value: "<name>",
    help: "the Incus project for machines (default: warmpool)",
    isList: false,
  },
  storagePool: {
    driver: "incus",
    flag: "--storage-pool",
    value: "<name>",
    help: "the Incus storage pool for machines (default: warmpool)",
    isList: false,
  },
  profile: {
    driver: "incus",
    flag: "--profile",
    value: "<name>",
    help: "the Incus profile for machines (default: warmpool)",
    isList: false,
  },
  image: {
    driver: "incus",
    flag: "--image",
    value: "<alias>",
    help: "the Incus image for all machines, instead of what their pools name",
    isList: false,
  },
} as const satisfies Record<string, DriverOption>;

/** They as they were typed, and the driver they are for. */
export type DriverOptions = { driver?: string | undefined } & {
  [Name in keyof typeof DRIVER_OPTIONS]?:
    | ((typeof DRIVER_OPTIONS)[Name]["isList"] extends true ? string[] : string)
    | undefined;
};
