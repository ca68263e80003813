import { quote } from "../ssh/shell.ts";
import { NO_KEY, NOT_WRITTEN, RESTRICT, RUN_AS, WRITE } from "./keyFiles.ts";

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

/** What the script ends with if it is the username that is wrong, and not the machine. */
export const WRONG_NAME = 64;

/**
 * What it ends with if the tester's keys could not be written: those before still open the account, or they were to end
 * and nothing opens it.
 */
export const KEYS_STAY = 66;
export const KEYS_GONE = 67;

/**
 * Kept free on the disk for new keys: a tester who has filled it must not be able to prevent them by that. btrfs counts
 * some hundred KiB before it makes and renames a file. Random, because a file system may store zeros in no room.
 */
const RESERVE_BYTES = 1024 * 1024;

/** A POSIX script for root on the machine; it writes the tester's home folder to `$WARMPOOL_HOME_FILE`. */
export function accountScript({ username, testerKeys, rootKeys, sudo }: AccountInputs): string {
  return `set -eu
user=${quote(username)}
sudo=${sudo ? "yes" : "no"}
tester_keys=${quote(testerKeys.join("\n"))}
count=${testerKeys.length}
root_keys=${quote(rootKeys.join("\n"))}
write_keys=${quote(WRITE)}
restrict_keys=${quote(RESTRICT)}
${RUN_AS}
${SCRIPT}`;
}

const SCRIPT = String.raw`
fail() { printf '%s\n' "$1" >&2; exit 1; }
# What another machine would refuse too.
refuse() { printf '%s\n' "$1" >&2; exit ${WRONG_NAME}; }

# Sets group to a new one that nobody else is in.
own_group() {
  number=1
  while group=tester$number; getent group "$group" >/dev/null; do number=$((number + 1)); done
  groupadd "$group"
}

split_entry() {
  IFS=: read -r _ _ uid gid _ home _ <<END
$entry
END
}

make_account() {
  if entry=$(getent passwd "$user"); then
    split_entry
    if [ "$uid" -lt 1000 ] || [ "$uid" -ge 65534 ]; then
      refuse "$user is a system account of this machine (uid $uid): choose another username."
    fi
  else
    shell=/bin/bash
    [ -x "$shell" ] || shell=/bin/sh
    # '*' and not '!': no password opens it, but it is not locked for keys either.
    if getent group "$user" >/dev/null; then
      # A group of the system's has this name: the tester gets one of their own by another, and is no member of it.
      own_group
      useradd --create-home --shell "$shell" --password '*' --gid "$group" "$user"
    else
      useradd --create-home --shell "$shell" --password '*' "$user"
    fi
    entry=$(getent passwd "$user")
    split_entry
  fi
  if [ ! -d "$home" ]; then
    mkdir -p "$home"
    [ ! -d /etc/skel ] || cp -R /etc/skel/. "$home"
    chown -R "$uid:$gid" "$home"
    chmod 0750 "$home"
  fi
}

lines() { [ -z "$1" ] || printf '%s\n' "$1"; }

reserve=\${WARMPOOL_STATE:-/var/lib/warmpool}/reserve
keep_reserve() {
  [ ! -e "$reserve" ] || return 0
  (umask 077; head -c ${RESERVE_BYTES} /dev/urandom >"$reserve.new" && mv -f "$reserve.new" "$reserve") 2>/dev/null ||
    rm -f "$reserve.new"
}

# put_keys KEYS COMMAND…: the command gets them, and once more with the reserve where it could not write them.
put_keys() {
  keys=$1
  shift
  code=0
  lines "$keys" | "$@" || code=$?
  if [ "$code" = ${NOT_WRITTEN} ] && [ -e "$reserve" ]; then
    # btrfs counts what was removed as free from its next commit on.
    rm -f "$reserve" && { sync -f "\${reserve%/*}" 2>/dev/null || sync; }
    code=0
    lines "$keys" | "$@" || code=$?
  fi
  return "$code"
}

put_tester_keys() {
  put_keys "$tester_keys" "$@" && return 0
  [ "$code" != ${NOT_WRITTEN} ] || { code=0; lines "$tester_keys" | "$@" last || code=$?; }
  case $code in
    0) return 0 ;;
    ${NOT_WRITTEN}) exit ${KEYS_STAY} ;;
    ${NO_KEY}) exit ${KEYS_GONE} ;;
    *) fail "The keys of the account $user could not be installed." ;;
  esac
}

# Of another account's files only what root accepts too is kept. The hand-over check tells whether it is so.
restrict() {
  if [ ! -e "$4/.ssh" ] && [ ! -L "$4/.ssh" ]; then return 0; fi
  for how in in_home in_ssh; do
    lines "$root_keys" | "$how" "$2" "$3" "$4" "$restrict_keys" || true
  done
}

set_sudo() {
  file=/etc/sudoers.d/warmpool-$user
  rule="$user ALL=(ALL:ALL) NOPASSWD: ALL"
  if [ "$sudo" = no ]; then rm -f "$file"; return 0; fi
  written=
  { IFS= read -r written <"$file"; } 2>/dev/null || true
  if [ "$written" = "$rule" ]; then return 0; fi
  command -v sudo >/dev/null || echo "sudo is not installed on this machine; the rule is written in case it is installed later."
  mkdir -p /etc/sudoers.d
  # A name with a dot is not read by sudo until it is checked and renamed.
  (umask 0227; printf '%s\n' "$rule" >"$file.new")
  if command -v visudo >/dev/null; then visudo -cqf "$file.new" || { rm -f "$file.new"; fail "visudo rejected the rule"; }; fi
  mv -f "$file.new" "$file"
}

if [ "\${WARMPOOL_UNPRIVILEGED:-}" = 1 ]; then
  home=$WARMPOOL_HOMES/$user
  mkdir -p "$home"
  put_tester_keys sh -eu -c "$write_keys" keys "$home"
  put_keys "$root_keys" sh -eu -c "$write_keys" keys "$HOME"
  [ "$sudo" = no ] || echo "This machine has no root account of its own: sudo is not set up."
else
  make_account
  put_tester_keys in_home "$uid" "$gid" "$home" "$write_keys"
  getent passwd | while IFS=: read -r name _ other_uid other_gid _ other _; do
    if [ "$name" = "$user" ] || [ "$other" = "$home" ] || [ "$other" = /root ]; then continue; fi
    restrict "$name" "$other_uid" "$other_gid" "$other"
  done
  # Never told that it is the last try: without the relay's own key nobody could repair this machine any more.
  put_keys "$root_keys" in_home 0 0 /root "$write_keys" || fail "The keys of the account root could not be installed."
  set_sudo
fi
keep_reserve
printf '%s\n' "$home" >"$WARMPOOL_HOME_FILE"
echo "The account $user is ready: $count key(s), sudo: $sudo."
`.replaceAll("\\${", "${");
