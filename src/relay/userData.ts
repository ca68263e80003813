import type { CreateRequest } from "./driver.ts";

/**
 * What cloud-init does at a machine's first boot: puts the relay's host key in place of every other, so that it is
 * pinned before the machine exists, and opens root's account to the given keys. Checked with cloud-init 22.4.2.
 */
export function userData({ hostKey, authorizedKeys }: CreateRequest): string {
  const config = {
    // No other key than the given one is made, now or at a later boot.
    ssh_deletekeys: true,
    ssh_genkeytypes: [],
    ssh_keys: { ed25519_private: hostKey.privateKey, ed25519_public: hostKey.publicKey },
    // Without this the distribution's own account is made, with these keys and with sudo.
    users: [],
    disable_root: false,
    ssh_pwauth: false,
    ssh_authorized_keys: authorizedKeys,
    // The machine's own name, without which sudo says of each command that it cannot resolve the host. Only a line is
    // added; the rest of /etc/hosts stays as it is, and so does what a tester writes there.
    manage_etc_hosts: "localhost",
    // An image without the package locales ends in an error otherwise.
    locale: false,
  };
  // JSON is YAML too, and needs no quoting rules of its own.
  return `#cloud-config\n${JSON.stringify(config, null, 1)}\n`;
}
