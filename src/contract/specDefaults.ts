/** What a field of a pool's spec means that was left out, or that did not exist yet when the spec was stored. */
export const SPEC_DEFAULTS = {
  bootTimeoutSeconds: 600,
  failureThreshold: 2,
  holdFailedSeconds: 86_400,
  keepAdminKeys: true,
  sudo: false,
  placement: "spread",
} as const;
