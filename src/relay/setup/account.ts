import { quote } from "../shell.ts";

/**
 * The first step of every set-up: the tester's account and who may open the machine. Run again, it changes nothing.
 * What is below the tester's home is written with the tester's own rights, so that no link they made there can lead
 * root's writing astray. Every other account keeps the relay's and the admins' keys only.
 */
export type AccountInputs = {
  username: string;
  /** Exactly these open the tester's account. */
  testerKeys: readonly string[];
  /** Exactly these open root's account: the relay's, and the admins' where the pool keeps them. */
  rootKeys: readonly string[];
  sudo: boolean;
};

/** A POSIX script for root on the machine; it writes the tester's home folder to `$WARMPOOL_HOME_FILE`. */
export function accountScript({ username, testerKeys, rootKeys, sudo }: AccountInputs): string {
  return `set -eu
user=${quote(username)}
sudo=${sudo ? "yes" : "no"}
tester_keys=${quote(testerKeys.join("\n"))}
root_keys=${quote(rootKeys.join("\n"))}
${SCRIPT}`;
}

const SCRIPT = String.raw`
fail() { printf '%s\n' "$1" >&2; exit 1; }

make_account() {
  if entry=$(getent passwd "$user"); then
    uid=$(printf '%s' "$entry" | cut -d: -f3)
    if [ "$uid" -lt 1000 ] || [ "$uid" -ge 65534 ]; then
      fail "$user is a system account of this machine (uid $uid): choose another username."
    fi
  else
    shell=/bin/bash
    [ -x "$shell" ] || shell=/bin/sh
    # '*' and not '!': no password opens it, but it is not locked for keys either.
    useradd --create-home --shell "$shell" --password '*' "$user"
    entry=$(getent passwd "$user")
    uid=$(printf '%s' "$entry" | cut -d: -f3)
  fi
  gid=$(printf '%s' "$entry" | cut -d: -f4)
  home=$(printf '%s' "$entry" | cut -d: -f6)
  if [ ! -d "$home" ]; then
    mkdir -p "$home"
    [ ! -d /etc/skel ] || cp -R /etc/skel/. "$home"
    chown -R "$uid:$gid" "$home"
    chmod 0750 "$home"
  fi
}

# Makes standard input the only key file of the home in $1.
write_keys='
  umask 077
  mkdir -p "$1/.ssh"
  chmod 0700 "$1/.ssh"
  cat >"$1/.ssh/authorized_keys.new"
  mv -f "$1/.ssh/authorized_keys.new" "$1/.ssh/authorized_keys"
  rm -f "$1/.ssh/authorized_keys2"
'
as_tester() { setpriv --reuid "$uid" --regid "$gid" --init-groups "$@"; }

lines() { [ -z "$1" ] || printf '%s\n' "$1"; }

# Of another account's file only what root accepts too is kept.
restrict() {
  [ -f "$1" ] || return 0
  kept=$(lines "$root_keys" | grep -Fxf - "$1" || true)
  [ "$kept" = "$(cat "$1")" ] || lines "$kept" >"$1"
}

set_sudo() {
  file=/etc/sudoers.d/warmpool-$user
  if [ "$sudo" = no ]; then rm -f "$file"; return 0; fi
  command -v sudo >/dev/null || echo "sudo is not installed on this machine; the rule is written for when it is."
  mkdir -p /etc/sudoers.d
  # A name with a dot is not read by sudo until it is checked and renamed.
  (umask 0227; printf '%s ALL=(ALL:ALL) NOPASSWD: ALL\n' "$user" >"$file.new")
  if command -v visudo >/dev/null; then visudo -cqf "$file.new" || { rm -f "$file.new"; fail "visudo refuses the rule"; }; fi
  mv -f "$file.new" "$file"
}

if [ "\${WARMPOOL_UNPRIVILEGED:-}" = 1 ]; then
  home=$WARMPOOL_HOMES/$user
  mkdir -p "$home"
  lines "$tester_keys" | sh -eu -c "$write_keys" write "$home"
  lines "$root_keys" | sh -eu -c "$write_keys" write "$HOME"
  [ "$sudo" = no ] || echo "This machine has no root of its own: sudo is left out."
else
  make_account
  lines "$tester_keys" | as_tester sh -eu -c "$write_keys" write "$home"
  getent passwd | while IFS=: read -r name _ _ _ _ other _; do
    if [ "$name" = "$user" ] || [ "$other" = "$home" ] || [ "$other" = /root ]; then continue; fi
    restrict "$other/.ssh/authorized_keys"
    restrict "$other/.ssh/authorized_keys2"
  done
  lines "$root_keys" | sh -eu -c "$write_keys" write /root
  set_sudo
fi
printf '%s\n' "$home" >"$WARMPOOL_HOME_FILE"
echo "The account $user is ready: $(lines "$tester_keys" | wc -l) key(s), sudo: $sudo."
`.replaceAll("\\${", "${");
