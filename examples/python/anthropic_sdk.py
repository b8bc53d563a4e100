"""The official SDK: pip install anthropic"""
import os

import anthropic

client = anthropic.Anthropic(
    # Without /v1.
    base_url=os.environ.get("GATEWAY", "http://127.0.0.1:3456"),
    api_key=os.environ.get("GATEWAY_KEY", "any"),
    # What the account calls this conversation.
    default_headers={"x-session-id": "example-python-anthropic"},
)

# A model that the gateway knows, or a name that its rules serve.
model = os.environ.get("MODEL", "claude-sonnet-4-5")

with client.messages.stream(
    model=model, max_tokens=200, messages=[{"role": "user", "content": "Hello"}]
) as stream:
    for text in stream.text_stream:
        print(text, end="", flush=True)
    message = stream.get_final_message()
print(f"\n{message.stop_reason}: {message.usage.input_tokens} tokens in, {message.usage.output_tokens} out")
