/**
 * The shell scripts that bring a machine up, POSIX sh. Invariants:
 * - What changes files runs after pivot_root, when paths can only mean the machine's own files: before it, a link
 *   planted in the machine's overlay could lead to the host's.
 * - Every mount is made in the machine's own mount namespace and ends with it; the host never sees one.
 * - The machine lives exactly as long as init.sh, and that exactly as long as the SSH server.
 */

/** Runs as PID 1 in new namespaces: `boot.sh FOLDER NODE-BINARY PROGRAM-FOLDER [HIDDEN…]`. Becomes init.sh. */
export const BOOT_SCRIPT = String.raw`set -eu
# Whoever starts the relay may have another: the machine's accounts have to reach what is made here.
umask 022
folder=$1 node=$2 program=$3
shift 3

cd "$folder"
# A new machine has none of the host's Warmpool state, which looks like that of a set-up: here it is deleted, in overlay
# terms. In an empty folder nothing can have been planted.
if [ -z "$(ls -A upper)" ]; then
  mkdir -p upper/var/lib
  mknod upper/var/lib/warmpool c 0 0
fi
# Relative paths, because the option string has no way to hold a comma or a colon.
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work merged
cd merged
mount --bind ../root root
mount --bind ../home home
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t tmpfs -o nosuid,mode=755 tmp run
mount -t tmpfs -o nosuid,mode=1777 tmp tmp
mount -t tmpfs -o nosuid,mode=755 dev dev
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts dev/pts
mount -t tmpfs -o nosuid,nodev,mode=1777 shm dev/shm

# The server and its Node are bound in: where the checkout lies under /root, the machine's own /root covers it.
mkdir -m 700 run/warmpool run/warmpool/old
for file in node sshd.cjs init.sh host_key; do : >"run/warmpool/$file"; done
mount -o bind,ro "$node" run/warmpool/node
mount -o bind,ro "$program/sshd.cjs" run/warmpool/sshd.cjs
mount -o bind,ro "$program/init.sh" run/warmpool/init.sh
mount -o bind,ro ../keys/host_key run/warmpool/host_key

pivot_root . run/warmpool/old
cd /
umount -l /run/warmpool/old
rmdir /run/warmpool/old

for hidden in "$@"; do
  # Below these the machine has its own files, not the host's.
  case $hidden/ in /root/* | /home/* | /tmp/* | /run/* | /dev/* | /proc/*) continue ;; esac
  mkdir -p "$hidden"
  mount -t tmpfs -o ro,mode=555,size=4k hidden "$hidden"
done

umask 000
mknod -m 666 /dev/null c 1 3
mknod -m 666 /dev/zero c 1 5
mknod -m 666 /dev/full c 1 7
mknod -m 666 /dev/random c 1 8
mknod -m 666 /dev/urandom c 1 9
mknod -m 666 /dev/tty c 5 0
umask 022
ln -s pts/ptmx /dev/ptmx
ln -s /proc/self/fd /dev/fd
ln -s /proc/self/fd/0 /dev/stdin
ln -s /proc/self/fd/1 /dev/stdout
ln -s /proc/self/fd/2 /dev/stderr
mkdir -m 1777 /run/lock
mkdir -p /run/sshd

# A name of its own, which sudo wants to be able to resolve, and none of the host's keys.
echo "$WARMPOOL_MACHINE" >/proc/sys/kernel/hostname
grep -q " $WARMPOOL_MACHINE\$" /etc/hosts || echo "127.0.1.1 $WARMPOOL_MACHINE" >>/etc/hosts
rm -f /etc/ssh/ssh_host_*

exec /bin/sh /run/warmpool/init.sh /run/warmpool/node /run/warmpool/sshd.cjs
`;

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
