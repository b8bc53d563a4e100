"""The official SDK: pip install openai"""
import os

import openai

client = openai.OpenAI(
    base_url=os.environ.get("GATEWAY", "http://127.0.0.1:3456") + "/v1",
    api_key=os.environ.get("GATEWAY_KEY", "any"),
    # What the account calls this conversation.
    default_headers={"x-session-id": "example-python-openai"},
)

# A model that the gateway knows, or a name that its rules serve.
model = os.environ.get("MODEL", "claude-sonnet-4-5")

stream = client.chat.completions.create(
    model=model,
    messages=[{"role": "user", "content": "Hello"}],
    stream=True,
    stream_options={"include_usage": True},
)
for chunk in stream:
    for choice in chunk.choices:
        print(choice.delta.content or "", end="", flush=True)
        if choice.finish_reason:
            print(f"\n{choice.finish_reason}")
    if chunk.usage:
        print(f"{chunk.usage.prompt_tokens} tokens in, {chunk.usage.completion_tokens} out")
