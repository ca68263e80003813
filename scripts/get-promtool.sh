#!/usr/bin/env bash
# get-promtool.sh FOLDER: puts Debian's promtool into the folder, without the Prometheus that its package would start.
set -euo pipefail
mkdir -p "$1"
folder=$(realpath "$1")
cd "$folder"
apt-get update -q
apt-get download -q prometheus
dpkg-deb --fsys-tarfile prometheus_*.deb | tar --extract --strip-components=3 ./usr/bin/promtool
rm prometheus_*.deb
"$folder/promtool" --version | head -n 1
