"""Posts a message in a chat, and prints the answers while they are written.

    python stream_answer.py http://127.0.0.1:7000 lobby main '@ada hello'

MANYWORLDS_API_KEY has the API key, where the gateway asks for one.
"""

import json
import os
import sys

from manyworlds_client import AuthenticatedClient, Client
from manyworlds_client.api.chats import post_message
from manyworlds_client.api.worlds import get_world
from manyworlds_client.models import PostMessageRequest, ProblemDetails


def server_sent_events(response):
    """The name and the data of each event of a response."""
    name, data = "message", []
    for line in response.iter_lines():
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif not line and data:
            yield name, json.loads("\n".join(data))
            name, data = "message", []


def main(url, world, chat, text):
    key = os.environ.get("MANYWORLDS_API_KEY")
    client = AuthenticatedClient(url, token=key) if key else Client(url)

    # A request that is answered at once: its response is typed.
    shown = get_world.sync(world, client=client)
    if shown is None or isinstance(shown, ProblemDetails):
        sys.exit(f"{world}: {shown.detail if shown else 'no answer'}")
    print(f"{shown.name}, commits {shown.first_seq} to {shown.seq}")

    # One that is answered with a stream: the generated code makes the request, and httpx reads the response.
    body = PostMessageRequest(sender="guest", text=text, stream=True)
    request = post_message._get_kwargs(world, chat, body=body)
    with client.get_httpx_client().stream(**request, timeout=None) as response:
        if response.status_code != 200:
            sys.exit(response.read().decode())
        for name, data in server_sent_events(response):
            if name == "chunk":
                print(data["text"], end="", flush=True)
    print()


main(*sys.argv[1:])
