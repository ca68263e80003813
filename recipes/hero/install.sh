#!/bin/sh
# Runs the installer in the tester's own account, with what it has to know in its environment. What it prints is the log, and a
# line of it that begins with ::progress moves the bar.
set -eu

user=$WARMPOOL_USERNAME
hero=$WARMPOOL_HOME/hero
place=${WARMPOOL_STATE:-/var/lib/warmpool}/hero

as_tester() {
  if [ "${WARMPOOL_UNPRIVILEGED:-}" = 1 ]; then "$@"; return; fi
  setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups "$@"
}

# The tester's own copy: the folder that it was fetched into is root's.
as_tester sh -c 'cat >"$1" && chmod 0700 "$1"' write "$hero/var/installer" <"$place/installer"
echo "::progress 1 Running the installer for channel $WARMPOOL_PARAM_channel"
cd "$WARMPOOL_HOME"
status=0
as_tester env -i HOME="$WARMPOOL_HOME" USER="$user" LOGNAME="$user" SHELL=/bin/sh \
  PATH="$hero/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
  HERO_CHANNEL="$WARMPOOL_PARAM_channel" HERO_HOME="$hero" \
  HERO_HTTP_PORT="$WARMPOOL_HTTP_PORT" HERO_HTTP_URL="$WARMPOOL_HTTP_URL" \
  "$hero/var/installer" "$WARMPOOL_PARAM_channel" || status=$?
if [ "$status" -ne 0 ]; then
  echo "The installer ended with $status; what it said is above." >&2
  exit "$status"
fi
as_tester rm -f "$hero/var/installer"
echo "::output channel=$WARMPOOL_PARAM_channel"
