/**
 * Reading and writing key files in homes whose owners are not to be trusted. Root does none of it: each program below
 * runs with the rights of the account whose home it is, or of whoever owns its folder `.ssh`, so whatever a link leads
 * to, nothing is read or written that they could not read or write themselves. On top of that it never follows a link:
 * it steps into the home, then into `.ssh`, looks where it is, and from then on knows files by their bare names. Nothing
 * that a file holds is ever printed but by READ, as base64.
 *
 * With root's rights a program runs only in folders that nobody but root can change, all the way up to `/`.
 */

/** No file of honest keys is larger: 50 keys of 8 KiB at most. */
const MOST_BYTES = 512 * 1024;
/** What an open waits for at most: a pipe in place of a file never answers. */
const PATIENCE = "timeout 10";

/** What a program ends with that could not write the keys: what was there before still is, or no key is there any more. */
export const NOT_WRITTEN = 7;
export const NO_KEY = 8;

/** Shell text as it stands, but that its own `${…}` is written with a backslash before it. */
function shell(text: TemplateStringsArray, ...values: (string | number)[]): string {
  return String.raw(text, ...values).replaceAll("\\${", "${");
}

/**
 * Steps into `.ssh` of the home `$1`: after `cd -P` the shell's PWD is where it really is (POSIX), and costs no process as
 * `pwd` in a substitution would. Ends with 3 where there is none, with 4 where it is reached by a link only.
 */
const ENTER = shell`
cd -P "$1" 2>/dev/null || exit 3
here=$PWD
[ ! -L .ssh ] || exit 4
[ -d .ssh ] || exit 3
cd -P .ssh 2>/dev/null || exit 5
[ "$PWD" = "\${here%/}/.ssh" ] || exit 4
plain() { [ ! -L "$1" ] && [ -f "$1" ]; }
there() { [ -L "$1" ] || [ -e "$1" ]; }
content() { [ -z "$1" ] || printf '%s\n' "$1"; }
# Out of the way, whatever it is: a link goes, anything else is kept under a name that opens nothing.
aside() { if [ -L "$1" ]; then rm -f "./$1"; else mv -fT "./$1" "./$1.aside.$$"; fi; }
# On a full disk a mode that is right already may not be set again.
mode() { [ "$(stat -c %a "$1")" = "$2" ] || chmod "0$2" "$1"; }
# What is there now stays until the new file is whole beside it.
put() {
  if there authorized_keys.new; then aside authorized_keys.new; fi
  why=$( (set -C; content "$2" | cat >./authorized_keys.new) 2>&1) && same authorized_keys.new "$2" &&
    why=$(mv -fT ./authorized_keys.new "./$1" 2>&1) && return 0
  rm -f ./authorized_keys.new
  return 1
}
# Whether every key in the file $1 is among $2.
opens_no_more() {
  plain "$1" || return 1
  other=0
  content "$2" | ${PATIENCE} grep -aFvxqf - "./$1" || other=$?
  [ "$other" = 1 ]
}
# $3 is last where no more room can be made: a key whose access ends goes then, though nothing takes its place.
replace() {
  put "$1" "$2" && return 0
  if [ "$3" = last ] && there "$1" && ! opens_no_more "$1" "$2"; then
    rm -f "./$1" || true
    put "$1" "$2" && return 0
  fi
  [ -z "$why" ] || echo "$why" >&2
  if [ "$3" = last ] && ! there "$1"; then exit ${NO_KEY}; fi
  exit ${NOT_WRITTEN}
}
same() { plain "$1" && content "$2" | ${PATIENCE} cmp -s - "./$1"; }
`;

/**
 * Makes standard input the only key file of the home `$1`. Ends with NOT_WRITTEN or NO_KEY where that cannot be written;
 * the second only if `$2` is `last`.
 */
export const WRITE = shell`umask 077
keys=$(cat)
last=\${2:-}
nothing=${NOT_WRITTEN}
[ "$last" != last ] || nothing=${NO_KEY}
cd -P "$1"
if [ -L .ssh ]; then rm -f .ssh; fi
if [ -e .ssh ] && { [ ! -d .ssh ] || [ ! -O .ssh ]; }; then mv -fT .ssh ".ssh.aside.$$"; fi
[ -d .ssh ] || mkdir .ssh || exit $nothing
[ "$(stat -c %a .ssh)" = 700 ] || chmod 0700 .ssh
${ENTER}
for file in authorized_keys authorized_keys2; do
  if there "$file" && ! plain "$file"; then aside "$file"; fi
done
[ "$last" != last ] || rm -f ./authorized_keys2 || true
same authorized_keys "$keys" || replace authorized_keys "$keys" "$last"
mode authorized_keys 600
rm -f ./authorized_keys2
`;

/** Takes every line that is not on standard input out of the key files of the home `$1`. */
export const RESTRICT = shell`umask 077
keys=$(cat)
if cd -P "$1" 2>/dev/null && [ -L .ssh ]; then rm -f .ssh; fi
${ENTER}
for file in authorized_keys authorized_keys2; do
  there "$file" || continue
  if ! plain "$file"; then aside "$file"; continue; fi
  kept=$(content "$keys" | ${PATIENCE} grep -aFxf - "./$file" | head -c ${MOST_BYTES}) || true
  same "$file" "$kept" || replace "$file" "$kept" last
done
`;

/** Prints `$2 BASE64` for each key file of the home `$1`, and `! $2 WHAT` for what is no plain file. */
export const READ = shell`
no() { printf '! %s %s\n' "$name" "$1"; }
name=$2
if cd -P "$1" 2>/dev/null && [ -L .ssh ]; then no '.ssh is a link'; exit 0; fi
${ENTER}
for file in authorized_keys authorized_keys2; do
  there "$file" || continue
  if ! plain "$file"; then no "$file is not a regular file"; continue; fi
  if ! keys=$(${PATIENCE} head -c ${MOST_BYTES + 1} "./$file" | base64 -w 0); then no "$file cannot be read"; continue; fi
  if [ "\${#keys}" -gt ${Math.ceil(MOST_BYTES / 3) * 4} ]; then no "$file is larger than ${MOST_BYTES / 1024} KiB"; continue; fi
  [ -n "$keys" ] || [ ! -s "./$file" ] || { no "$file cannot be read"; continue; }
  printf '%s %s\n' "$name" "$keys"
done
`;

/**
 * Shell functions for root on the machine. `in_home UID GID HOME PROGRAM [ARGUMENT…]` runs one of the programs in a home
 * with the rights of that account; `in_ssh` with those of the owner of its `.ssh`, if that is somebody else, and does
 * nothing if not. Both pass standard input on, end as the program does, and end with 6 instead of giving it root's
 * rights in a folder that others can change.
 */
export const RUN_AS = shell`
roots_alone() {
  (cd -P "$1" 2>/dev/null || exit 0
  while :; do
    case $(stat -c %u:%A .) in 0:?????w* | 0:????????w*) exit 1 ;; 0:*) ;; *) exit 1 ;; esac
    [ "$PWD" != / ] || exit 0
    cd -P ..
  done)
}
in_home() {
  as_uid=$1 as_gid=$2 as_home=$3 as_program=$4
  shift 4
  if [ "$as_uid" = 0 ]; then
    roots_alone "$as_home" || return 6
    sh -eu -c "$as_program" keys "$as_home" "$@"
  else
    setpriv --reuid "$as_uid" --regid "$as_gid" --clear-groups sh -eu -c "$as_program" keys "$as_home" "$@"
  fi
}
in_ssh() {
  owner=$(stat -c '%u %g' "$3/.ssh" 2>/dev/null) || return 0
  [ "\${owner% *}" != "$1" ] || return 0
  if [ "\${owner% *}" = 0 ] && ! roots_alone "$3/.ssh"; then return 0; fi
  shift 2
  in_home "\${owner% *}" "\${owner#* }" "$@"
}
`;
