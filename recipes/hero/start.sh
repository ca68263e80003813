#!/bin/sh
# Starts what the tester is to find running, and looks whether it still runs a moment later.
set -eu

hero=$WARMPOOL_HOME/hero
services=${WARMPOOL_PARAM_services:-}

if [ -z "$services" ]; then
  echo "No services were asked for."
  exit 0
fi
for service in $services; do
  if [ ! -x "$hero/bin/$service" ]; then
    echo "The installer left no program $hero/bin/$service: services names it." >&2
    exit 1
  fi
done
if [ ! -d /run/systemd/system ]; then
  echo "There is no systemd on this machine to run $services." >&2
  exit 1
fi
count=0
total=$(echo "$services" | wc -w)
for service in $services; do
  echo "::progress $((count * 100 / total)) Starting $service"
  systemctl enable --quiet --now "hero@$service"
  count=$((count + 1))
done
# One that ends at once is started again by systemd, which counts that.
sleep 3
for service in $services; do
  unit=hero@$service
  if ! systemctl is-active --quiet "$unit" || [ "$(systemctl show --property=NRestarts --value "$unit")" != 0 ]; then
    echo "$service does not stay up. Its last words:" >&2
    journalctl --unit "$unit" --lines 20 --no-pager --output cat >&2 || true
    exit 1
  fi
done
echo "Running: $services."
