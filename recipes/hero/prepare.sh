#!/bin/sh
# What Hero finds when it comes: its folders in the tester's home, its settings, and a service unit for each of its programs.
# Run again, it changes nothing.
set -eu

user=$WARMPOOL_USERNAME
hero=$WARMPOOL_HOME/hero

as_tester() {
  if [ "${WARMPOOL_UNPRIVILEGED:-}" = 1 ]; then "$@"; return; fi
  setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups "$@"
}

echo "::progress 20 Making $hero"
as_tester mkdir -p "$hero/bin" "$hero/cfg" "$hero/code" "$hero/var/log"

echo "::progress 50 Writing $hero/cfg/hero.env"
as_tester sh -c 'cat >"$1.new" && mv -f "$1.new" "$1"' write "$hero/cfg/hero.env" <<ENV
HERO_CHANNEL=$WARMPOOL_PARAM_channel
HERO_HOME=$hero
HERO_HTTP_PORT=$WARMPOOL_HTTP_PORT
HERO_HTTP_URL=$WARMPOOL_HTTP_URL
ENV

if [ ! -d /run/systemd/system ]; then
  echo "There is no systemd on this machine: service units are left out."
  exit 0
fi
echo "::progress 80 Writing hero.target and hero@.service"
cat >/etc/systemd/system/hero.target <<UNIT
[Unit]
Description=Everything of Hero that runs for $user

[Install]
WantedBy=multi-user.target
UNIT
cat >/etc/systemd/system/hero@.service <<UNIT
[Unit]
Description=Hero: %i, for $user
After=network-online.target
Wants=network-online.target
PartOf=hero.target

[Service]
User=$user
WorkingDirectory=$hero
EnvironmentFile=$hero/cfg/hero.env
ExecStart=$hero/bin/%i
Restart=on-failure
RestartSec=2

[Install]
WantedBy=hero.target
UNIT
systemctl daemon-reload
systemctl enable --quiet hero.target
echo "Service units are in place: systemctl start hero@NAME runs $hero/bin/NAME."
