#!/usr/bin/env bash
# All tries of a time, a line each, for a spreadsheet.
#   examples/usage-csv.sh 2026-11-01 2026-12-01 > november.csv
# GATEWAY is its address, GATEWAY_KEY the key of a viewer or an admin.
set -euo pipefail
[ $# -eq 2 ] || { sed -n '2,4p' "$0" >&2; exit 2; }
curl --silent --show-error --fail-with-body --config <(printf 'header = "x-api-key: %s"\n' "${GATEWAY_KEY:-any}") \
  "${GATEWAY:-http://127.0.0.1:3456}/api/usage/export?format=csv&from=$1&to=$2"
