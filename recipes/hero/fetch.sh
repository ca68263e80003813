#!/bin/sh
# Brings the installer onto the machine and keeps it only when its checksum is the one that was asked for.
set -eu

url=$WARMPOOL_PARAM_installerUrl
wanted=$(printf '%s' "${WARMPOOL_PARAM_checksum#sha256:}" | tr A-F a-f)
place=${WARMPOOL_STATE:-/var/lib/warmpool}/hero
address=${url%%\?*}

fail() { printf '%s\n' "$@" >&2; exit 1; }
sum_of() { sha256sum "$1" | cut -d ' ' -f 1; }

command -v curl >/dev/null || fail "There is no curl on this machine: put it into the pool's image."
umask 077
mkdir -p "$place"
if [ -f "$place/installer" ] && [ "$(sum_of "$place/installer")" = "$wanted" ]; then
  echo "The installer is here already."
  exit 0
fi
rm -f "$place/installer" "$place/part" "$place/head" "$place/asks"

# The token goes by a file: arguments can be read by everybody on the machine.
token=$WARMPOOL_SECRETS/installerToken
: >"$place/asks"
if [ -f "$token" ]; then
  printf 'header = "Authorization: Bearer %s"\n' "$(sed 's/[\\"]/\\&/g' "$token")" >"$place/asks"
fi
trap 'rm -f "$place/asks" "$place/part" "$place/head"' EXIT

echo "::progress 0 Asking $address"
curl --config "$place/asks" --fail --silent --show-error --location --proto '=http,https' \
  --connect-timeout 15 --speed-time 30 --speed-limit 1 --max-time 570 \
  --dump-header "$place/head" --output "$place/part" -- "$url" 2>"$place/error" &
curl=$!

# The bar moves by what is here of what the server announced.
while kill -0 "$curl" 2>/dev/null; do
  size=$(sed -n 's/^[Cc]ontent-[Ll]ength: *\([0-9]*\).*/\1/p' "$place/head" 2>/dev/null | tail -n 1)
  here=$(stat -c %s "$place/part" 2>/dev/null || echo 0)
  if [ "${size:-0}" -gt 0 ]; then
    echo "::progress $((here * 95 / size)) Fetching, $((here / 1024)) of $((size / 1024)) KiB"
  fi
  sleep 0.5
done
status=0
wait "$curl" || status=$?
said=$(cat "$place/error")
rm -f "$place/error"
case $status in
0) ;;
5 | 6) fail "This machine cannot find the host of $address: $said." \
  "Its name service is missing or wrong: give the machines of this pool a network that reaches the installer." ;;
7 | 28) fail "This machine cannot reach $address: $said." \
  "Give the machines of this pool a network that reaches it, or put the installer where they can." ;;
22) fail "$address does not give the installer: $said." \
  "Is installerUrl right, and does it ask for an installerToken?" ;;
35 | 60) fail "$address cannot be trusted: $said." ;;
*) fail "Fetching $address failed (curl $status): $said." ;;
esac

found=$(sum_of "$place/part")
if [ "$found" != "$wanted" ]; then
  fail "The installer at $address is not the one that was asked for, and is not run." \
    "Its SHA-256 is $found and not $wanted: look at what changed, then ask with the new checksum."
fi
chmod 0755 "$place/part"
mv -f "$place/part" "$place/installer"
echo "::progress 100 The installer is here, and it is the right one"
