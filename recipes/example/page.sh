#!/bin/sh
# Writes a small page and the program that serves it into the tester's home, all of it the tester's own and written with
# the tester's rights: they are in already, and a link that they put there must not lead root's writing astray.
set -eu

as_tester() {
  if [ "${WARMPOOL_UNPRIVILEGED:-}" = 1 ]; then "$@"; return; fi
  setpriv --reuid "$WARMPOOL_USERNAME" --regid "$(id -g "$WARMPOOL_USERNAME")" --init-groups "$@"
}
write() { as_tester sh -c 'cat >"$1.new" && mv -f "$1.new" "$1"' write "$1"; }

escape() { printf '%s' "$1" | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g'; }

site=$WARMPOOL_HOME/site
greeting=$(escape "${WARMPOOL_PARAM_greeting:-Welcome to your machine}")
as_tester mkdir -p "$site"
echo "::progress 30 Writing $site/index.html"
write "$site/index.html" <<PAGE
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>$WARMPOOL_USERNAME on $(uname -n)</title>
<style>
  body { font: 18px/1.6 system-ui, sans-serif; max-width: 34em; margin: 15vh auto; padding: 0 1em; color: #223; }
  h1 { font-size: 1.8em; line-height: 1.2 }
  code { background: #eef; padding: .1em .3em; border-radius: .2em }
</style>
<h1>$greeting</h1>
<p>Hello <b>$WARMPOOL_USERNAME</b>. This page is served from your own account.</p>
<p>It is <code>$site/index.html</code>: log in, change it, reload.</p>
</html>
PAGE

echo "::progress 70 Writing $site/serve.pl"
write "$site/serve.pl" <<'SERVER'
# Serves index.html from its own folder on 127.0.0.1. Only what perl-base has.
use strict;
use warnings;
use IO::Socket::INET;

my ($folder, $port) = @ARGV;
$SIG{PIPE} = 'IGNORE';
my $server = IO::Socket::INET->new(
    LocalAddr => '127.0.0.1', LocalPort => $port, Proto => 'tcp', Listen => 16, ReuseAddr => 1,
) or die "cannot listen on 127.0.0.1:$port: $!\n";

while (1) {
    my $client = $server->accept() or next;
    eval {
        local $SIG{ALRM} = sub { die "too slow\n" };
        alarm 5;
        while (my $line = <$client>) { last if $line =~ /^\r?\n$/ }
        open my $file, '<', "$folder/index.html" or die "no page: $!\n";
        my $page = do { local $/; <$file> };
        print $client "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: "
            . length($page) . "\r\nConnection: close\r\n\r\n" . $page;
        alarm 0;
    };
    alarm 0;
    close $client;
}
SERVER

echo "The page is written."
