#!/usr/bin/env bash
# The configuration of a running gateway, by curl alone.
#   examples/config.sh show
#   examples/config.sh try    '{ "Router": { "think": "openrouter,z-ai/glm-4.7" } }'   says what would come of it
#   examples/config.sh change '{ "Router": { "think": "openrouter,z-ai/glm-4.7" } }'   changes it, unless somebody else just did
#   examples/config.sh backup
#   examples/config.sh backups
#   examples/config.sh diff    <name of a backup>
#   examples/config.sh restore <name of a backup>
# GATEWAY is its address, GATEWAY_KEY the key of an admin.
set -euo pipefail
config=${GATEWAY:-http://127.0.0.1:3456}/api/config

# The key goes by a file descriptor: arguments are for everyone on the machine to see.
api() {
  curl --silent --show-error --fail-with-body --config <(printf 'header = "x-api-key: %s"\n' "${GATEWAY_KEY:-any}") \
    --header 'content-type: application/json' "$@"
}

revision() {
  api --dump-header - --output /dev/null "$config" | tr -d '\r' | sed -n 's/^etag: //Ip'
}

usage() {
  sed -n '2,10p' "$0" >&2
  exit 2
}

argument=${2:-}
case ${1:-} in
  diff | restore | try | change) [ -n "$argument" ] || usage ;;
esac

case ${1:-} in
  show) api "$config" ;;
  try) api --request PATCH --data "$argument" "$config?dry_run=1" ;;
  change)
    seen=$(revision)
    tried=$(api --request PATCH --data "$argument" "$config?dry_run=1") || { code=$?; echo "$tried"; exit $code; }
    api --request PATCH --data "$argument" --header "if-match: $seen" "$config"
    ;;
  backup) api --request POST "$config/backup" ;;
  backups) api "$config/backups" ;;
  diff) api "$config/backups/$argument/diff" ;;
  restore) api --request POST "$config/backups/$argument/restore" ;;
  *) usage ;;
esac
echo
