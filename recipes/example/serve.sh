#!/bin/sh
# Serves the page from the tester's account, detached from this step, and waits until it answers. Run again, it finds
# the server that is there.
set -eu

site=$WARMPOOL_HOME/site

answers() {
  perl -MIO::Socket::INET -e '
    alarm 3;
    my $server = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$ARGV[0]", Proto => "tcp", Timeout => 2) or exit 1;
    print $server "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    my $status = <$server>;
    exit(defined $status && $status =~ m{^HTTP/1.1 200} ? 0 : 1);
  ' "$WARMPOOL_HTTP_PORT"
}

as_tester() {
  if [ "${WARMPOOL_UNPRIVILEGED:-}" = 1 ]; then exec "$@"; fi
  exec setpriv --reuid "$WARMPOOL_USERNAME" --regid "$(id -g "$WARMPOOL_USERNAME")" --init-groups "$@"
}

if ! answers; then
  errors=$(mktemp)
  (as_tester setsid perl "$site/serve.pl" "$site" "$WARMPOOL_HTTP_PORT") </dev/null >/dev/null 2>"$errors" &
  tries=0
  until answers; do
    tries=$((tries + 1))
    if [ "$tries" -ge 50 ]; then
      echo "The server does not answer on 127.0.0.1:$WARMPOOL_HTTP_PORT: $(cat "$errors")" >&2
      exit 1
    fi
    echo "::progress $tries Waiting for the server"
    sleep 0.1
  done
fi
echo "The page is served on 127.0.0.1:$WARMPOOL_HTTP_PORT."
echo "::output url=$WARMPOOL_HTTP_URL"
