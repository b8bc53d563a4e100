"""No package at all: a stream of the Messages API, read by the standard library."""
import json
import os
import urllib.request

request = urllib.request.Request(
    os.environ.get("GATEWAY", "http://127.0.0.1:3456") + "/v1/messages",
    headers={
        "content-type": "application/json",
        "x-api-key": os.environ.get("GATEWAY_KEY", "any"),
        # What the account calls this conversation.
        "x-session-id": "example-python-plain",
    },
    data=json.dumps({
        # A model that the gateway knows, or a name that its rules serve.
        "model": os.environ.get("MODEL", "claude-sonnet-4-5"),
        "max_tokens": 200,
        "stream": True,
        "messages": [{"role": "user", "content": "Hello"}],
    }).encode(),
)

with urllib.request.urlopen(request) as response:
    for line in response:
        if not line.startswith(b"data: "):
            continue
        event = json.loads(line[len("data: "):])
        if event["type"] == "content_block_delta":
            print(event["delta"].get("text", ""), end="", flush=True)
        elif event["type"] == "message_delta":
            print(f"\n{event['delta']['stop_reason']}: {event['usage']['output_tokens']} tokens out")
        elif event["type"] == "error":
            raise SystemExit(event["error"]["message"])
