/**
 * The shell scripts that bring a machine up, POSIX sh. Invariants:
 * - What changes files runs after pivot_root, when paths can only mean the machine's own files: before it, a link
 *   planted in the machine's overlay could lead to the host's.
 * - Every mount is made in the machine's own mount namespace and ends with it; the host never sees one.
 * - The machine lives exactly as long as init.sh, and that exactly as long as the SSH server.
 */

/**
 * Runs as PID 1 in new namespaces: `boot.sh FOLDER NODE-BINARY PROGRAM-FOLDER [HIDDEN…]`, the second and the third as an
 * fstab has them (`fstabField`). Becomes init.sh. To start a program costs more than what it does here, so one `mount`
 * makes many mounts, and what Node can do without a program the server does when it starts (sshServer/ownFiles.ts).
 */
export const BOOT_SCRIPT = String.raw`set -eu
# Whoever starts the relay may have another: the machine's accounts have to reach what is made here.
umask 022
folder=$1 node=$2 program=$3
shift 3

cd "$folder"
# A new machine has none of the host's Warmpool state, which looks like that of a set-up: here it is deleted, in overlay
# terms. In an empty folder nothing can have been planted.
new=yes
for one in upper/* upper/.[!.]* upper/..?*; do
  if [ -e "$one" ] || [ -L "$one" ]; then new=no; fi
done
if [ $new = yes ]; then
  mkdir -p upper/var/lib
  mknod upper/var/lib/warmpool c 0 0
fi
# Relative paths, because the option string has no way to hold a comma or a colon.
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work merged
cd merged
printf '%s\n' "../root ./root none bind 0 0
../home ./home none bind 0 0
proc ./proc proc nosuid,nodev,noexec 0 0
tmp ./run tmpfs nosuid,mode=755 0 0
tmp ./tmp tmpfs nosuid,mode=1777 0 0
dev ./dev tmpfs nosuid,mode=755 0 0
devpts ./dev/pts devpts newinstance,ptmxmode=0666,mode=0620,gid=5,x-mount.mkdir 0 0
shm ./dev/shm tmpfs nosuid,nodev,mode=1777,x-mount.mkdir 0 0" >../fstab
mount -a -T ../fstab
cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty dev

# The server and its Node are bound in: where the checkout lies under /root, the machine's own /root covers it.
mkdir -m 700 run/warmpool run/warmpool/old
: >run/warmpool/node
: >run/warmpool/host_key
printf '%s\n' "$node ./run/warmpool/node none bind,ro 0 0
$program ./run/warmpool/program none bind,ro,x-mount.mkdir 0 0
../keys/host_key ./run/warmpool/host_key none bind,ro 0 0" >../fstab
mount -a -T ../fstab

pivot_root . run/warmpool/old
cd /
umount -l /run/warmpool/old

for hidden in "$@"; do
  # Below these the machine has its own files, not the host's.
  case $hidden/ in /root/* | /home/* | /tmp/* | /run/* | /dev/* | /proc/*) continue ;; esac
  [ -d "$hidden" ] || mkdir -p "$hidden"
  mount -t tmpfs -o ro,mode=555,size=4k hidden "$hidden"
done

exec /bin/sh /run/warmpool/program/init.sh /run/warmpool/node /run/warmpool/program/sshd.cjs
`;

/** A path as a field of an fstab: https://man7.org/linux/man-pages/man5/fstab.5.html */
export function fstabField(path: string): string {
  return path.replaceAll(
    /[\s\\#]/g,
    (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
}

/**
 * Runs for as long as the machine does: `init.sh NODE-BINARY SERVER`. As PID 1 of a namespace its `wait` also reaps
 * whatever processes the machine's accounts leave behind, and its end is the end of every process in the machine.
 * The heap bounds keep a machine small; the server holds little but what is in flight.
 */
export const INIT_SCRIPT = String.raw`"$1" --max-old-space-size=96 --max-semi-space-size=1 --v8-pool-size=0 "$2" &
server=$!
# Only the server tells the starter that it listens.
exec 3>&-
wait "$server"
code=$?
echo "the SSH server exited with code $code, so the machine stopped" >&2
exit "$code"
`;
