"""A server with OpenAI's interface that answers from a script, so that agents of GenWorlds need neither a key nor a
network: structured outputs for their thoughts, and embeddings of their memories."""

import base64
import hashlib
import json
import os
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DIMENSIONS = 1536
# A name that no action has: the loop of the agent goes on, and asks again.
NOTHING = "nothing"


class Step:
    """What an agent does next: an action with the fields of its trigger, once it has heard an event."""

    def __init__(self, action, event=None, heard=None):
        self.action = action
        self.event = event or {}
        self.heard = heard


class ScriptedModel:
    def __init__(self):
        self.agents = {}
        self.steps = {}
        self.thoughts = {}
        model = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                answer = json.dumps(model.answer(self.path, json.loads(body))).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        os.environ["OPENAI_API_BASE"] = f"http://127.0.0.1:{server.server_port}/v1"
        use_bytes_as_tokens()

    def play(self, agent, steps):
        """From now on the agent follows these steps. An event may be a function, of what the agent remembers."""
        self.agents[agent.id] = agent
        self.steps[agent.id] = list(steps)

    def memory(self, agent):
        events = self.agents[agent].state_manager.memory.world_events
        return [json.loads(event) for event in list(events)]

    def answer(self, path, request):
        if path.endswith("/embeddings"):
            texts = request["input"]
            texts = texts if isinstance(texts, list) else [texts]
            data = [
                {"object": "embedding", "index": index, "embedding": embedding(text)}
                for index, text in enumerate(texts)
            ]
            return {"object": "list", "data": data, "model": request["model"], "usage": {}}
        schema = request["functions"][0]["parameters"]
        arguments = json.dumps(self.fill(request["messages"], schema))
        call = {"name": "output_formatter", "arguments": arguments}
        message = {"role": "assistant", "content": None, "function_call": call}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        return {
            "id": "scripted", "object": "chat.completion", "created": 0, "model": request["model"],
            "choices": [choice], "usage": usage,
        }

    def fill(self, messages, schema):
        fields = schema["properties"]
        agent = messages[0]["content"].removeprefix("You are ").split(",")[0]
        if "action_name" in fields:
            step = self.due(agent)
            name = step.action if step else NOTHING
            return {
                "action_name": name, "is_action_valid": True, "is_action_valid_reason": "", "new_plan": [],
            }
        if "event_type" not in fields:
            return self.thoughts[schema["title"]]
        # The selector is asked again until an action can be filled in: only then the step is taken.
        step = self.steps[agent].pop(0)
        event = step.event(self.memory(agent)) if callable(step.event) else step.event
        given = {"created_at": "2023-10-09T12:56:42.104327", "sender_id": agent, "target_id": None, "summary": ""}
        defaults = {name: field["default"] for name, field in fields.items() if "default" in field}
        return {**given, **defaults, **event}

    def due(self, agent):
        steps = self.steps.get(agent)
        if not steps:
            return None
        heard = steps[0].heard
        if heard and all(event["event_type"] != heard for event in self.memory(agent)):
            return None
        return steps[0]


def embedding(text):
    """The same vector for the same text, and another for another."""
    digest = hashlib.sha256(json.dumps(text).encode()).digest()
    return [(digest[index % len(digest)] - 127.5) / 128 for index in range(DIMENSIONS)]


def use_bytes_as_tokens():
    """Gives tiktoken an encoding, which it would load from the network: each byte is a token."""
    url = "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken"
    folder = tempfile.mkdtemp()
    ranks = (f"{base64.b64encode(bytes([byte])).decode()} {byte}\n" for byte in range(256))
    with open(os.path.join(folder, hashlib.sha1(url.encode()).hexdigest()), "w") as file:
        file.writelines(ranks)
    os.environ["TIKTOKEN_CACHE_DIR"] = folder
