/**
 * Whether a machine can be given to somebody: set-ups write below these folders, and one that was remounted read-only, or
 * is full, answers all the same. 64 KiB, because a few bytes may find room where nothing else does.
 */
export const WRITABLE = `(umask 077
state=\${WARMPOOL_STATE:-/var/lib/warmpool}
mkdir -p "$state" && head -c 65536 /dev/zero >"$state/.writable" && rm -f "$state/.writable" || exit 1
[ "\${WARMPOOL_UNPRIVILEGED:-}" != 1 ] || exit 0
for folder in /etc /home /root; do
  [ ! -d "$folder" ] || [ -w "$folder" ] || { echo "$folder is read-only" >&2; exit 1; }
done) || { echo 'this machine cannot be written to' >&2; exit 70; }`;
