#!/bin/sh
# Stands for real work: it takes two seconds and says how far it is.
set -eu
for percent in 0 25 50 75; do
  echo "::progress $percent Settling, $percent %"
  sleep 0.5
done
echo "The machine has settled."
