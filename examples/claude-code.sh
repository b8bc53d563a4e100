#!/usr/bin/env bash
# Points Claude Code at the gateway: looks whether the gateway takes the key, and writes a file to be sourced.
#   examples/claude-code.sh [file]        by default ~/.config/switchyard/claude-code.env
#   source ~/.config/switchyard/claude-code.env && claude
# GATEWAY is its address, GATEWAY_KEY your key.
set -euo pipefail
gateway=${GATEWAY:-http://127.0.0.1:3456}
key=${GATEWAY_KEY:-any}
file=${1:-${XDG_CONFIG_HOME:-$HOME/.config}/switchyard/claude-code.env}

curl --silent --show-error --fail --output /dev/null "$gateway/health" || { echo "no gateway answers at $gateway" >&2; exit 1; }
curl --silent --show-error --fail-with-body --output /dev/null --config <(printf 'header = "x-api-key: %s"\n' "$key") \
  --header 'content-type: application/json' --data '{ "model": "claude-sonnet-4-5", "messages": [{ "role": "user", "content": "hi" }] }' \
  "$gateway/v1/messages/count_tokens" || { echo "$gateway does not take this key" >&2; exit 1; }

mkdir -p "$(dirname "$file")"
# The file holds the key: nobody else may read it.
(umask 077 && cat > "$file") <<END
export ANTHROPIC_BASE_URL=$(printf %q "$gateway")
export ANTHROPIC_AUTH_TOKEN=$(printf %q "$key")
unset ANTHROPIC_API_KEY
# The gateway's models in /model.
export CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY=1
# Nothing that goes past the gateway. (CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 is all of these, and would hide its models as well.)
export DISABLE_TELEMETRY=1 DISABLE_AUTOUPDATER=1 DISABLE_ERROR_REPORTING=1
unset CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC
END
chmod 600 "$file"
echo "source $file && claude"
