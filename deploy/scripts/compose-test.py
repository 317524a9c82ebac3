#!/usr/bin/env python3
"""Tries the system of docker-compose.yml on a Docker engine: compose-test.sh builds its images and starts this.

Clients post numbered messages to agents and repeat what was not answered, while every container is killed once and the
workers are scaled. At the end each message, and each answer, must be there once, in order.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

SENDERS = 6
# A client repeats a message for this long; a failover takes seconds.
GIVE_UP_SECONDS = 120
HEALTHY_SECONDS = 120
WORKERS = 5
# All that holds something or does something, in the order in which it is killed.
KILLED = ["gateway", "world", "agent-worker", "persistence", "postgres", "nats"]
SERVICES = ["gateway", "world", "agent-worker", "persistence"]
IMAGES = {**{name: f"manyworlds-{name}" for name in SERVICES}, "cli": "manyworlds-cli"}
MEGABYTE = 1e6


def run(*command, check=True):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def compose(*arguments, check=True):
    return run("docker", "compose", *arguments, check=check)


def cli(*arguments):
    return compose("run", "--rm", "--no-TTY", "cli", *arguments)


def inspect(container, path):
    return json.loads(run("docker", "inspect", "--format", f"{{{{json {path}}}}}", container))


def containers(service):
    """Those of a service, or none: without its profile there is no such service."""
    return compose("--profile", "*", "ps", "--quiet", "--all", service).split()


def eventually(what, state, seconds=HEALTHY_SECONDS):
    until = time.monotonic() + seconds
    while not state():
        if time.monotonic() > until:
            raise SystemExit(f"not within {seconds} s: {what}")
        time.sleep(0.2)


def check(what, holds):
    if not holds:
        raise SystemExit(f"FAILED: {what}")
    print(f"ok: {what}", flush=True)


class Api:
    """The native door, as any client of it."""

    def __init__(self, port, key=None):
        self.url = f"http://127.0.0.1:{port}"
        self.key = key

    def call(self, path, body=None, idempotency_key=None):
        request = urllib.request.Request(self.url + path)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("content-type", "application/json")
        if self.key:
            request.add_header("authorization", f"Bearer {self.key}")
        if idempotency_key:
            request.add_header("idempotency-key", idempotency_key)
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.loads(response.read() or b"null")

    def status(self, path):
        try:
            self.call(path)
        except urllib.error.HTTPError as error:
            return error.code
        return 200

    def messages(self, world, wait_for):
        """All messages of a world's chat, from the archive, which has the commit `wait_for`."""
        messages, after = [], "0"
        while True:
            page = self.call(f"/v1/worlds/{world}/chats/main/messages?limit=1000&after={after}&wait_for={wait_for}")
            messages += page["messages"]
            if not page["more"]:
                return messages
            after = page["messages"][-1]["position"]


class Sender(threading.Thread):
    """Posts one message after the other to an agent of a world of its own, each until it is answered."""

    def __init__(self, api, number):
        super().__init__(daemon=True)
        self.api = api
        self.world = f"load-{number}"
        self.texts = []
        self.answers = []
        self.repeats = 0
        self.seq = 0
        self.failure = None
        self.stopping = threading.Event()

    def create(self):
        self.api.call("/v1/worlds", {
            "id": self.world,
            "entities": [
                {"id": "guest", "kind": "user"},
                {"id": "echo", "kind": "agent", "agent": {"brain": {"script": {"default": "You wrote: {text}"}}}},
            ],
            "chats": [{"id": "main", "agents": ["echo"]}],
        })

    def stored(self):
        messages = self.api.messages(self.world, self.seq)
        return [(message["sender"], message["text"]) for message in messages]

    def run(self):
        try:
            while not self.stopping.is_set():
                self.post(f"message {len(self.texts)}")
        except Exception as error:  # It is for the main thread.
            self.failure = error

    def post(self, text):
        self.texts.append(text)
        until = time.monotonic() + GIVE_UP_SECONDS
        while True:
            try:
                turn = self.api.call(
                    f"/v1/worlds/{self.world}/chats/main/messages",
                    {"sender": "guest", "text": text},
                    idempotency_key=f"{self.world}-{len(self.texts)}",
                )
            except (OSError, ValueError) as error:
                if isinstance(error, urllib.error.HTTPError) and error.code < 500:
                    raise RuntimeError(f"{text}: {error.code} {error.read()}") from error
                if time.monotonic() > until:
                    raise RuntimeError(f"{text} was not answered: {error}") from error
                self.repeats += 1
                time.sleep(0.1)
                continue
            self.seq = turn["seq"]
            self.answers.append([answer["text"] for answer in turn["answers"]])
            return


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def report_images():
    # As engines of this age report it: all layers, uncompressed.
    base = run("docker", "image", "inspect", "--format", "{{.Size}}", os.environ.get("RUNTIME_IMAGE", "debian:bookworm-slim"), check=False)
    for name, image in IMAGES.items():
        image = f"{image}:{os.environ['MANYWORLDS_VERSION']}"
        size = int(run("docker", "image", "inspect", "--format", "{{.Size}}", image))
        beside = f", {(size - int(base)) / MEGABYTE:.0f} MB beside its base" if base else ""
        print(f"image {name}: {size / MEGABYTE:.0f} MB{beside}", flush=True)


def check_hardening():
    for service in [*SERVICES, "nats", "postgres"]:
        for container in containers(service):
            host = inspect(container, ".HostConfig")
            user = inspect(container, ".Config.User").split(":")[0]
            check(
                f"{service} has no rights: user {user}, read-only root, no capabilities",
                user not in ("", "0", "root")
                and host["ReadonlyRootfs"]
                and [name.upper() for name in host["CapDrop"]] == ["ALL"]
                and "no-new-privileges:true" in host["SecurityOpt"],
            )
    published = {
        f"{service} {binding['HostIp']}"
        for service in [*SERVICES, "nats", "postgres"]
        for container in containers(service)
        for bindings in (inspect(container, ".HostConfig.PortBindings") or {}).values()
        for binding in bindings or []
    }
    check("only the gateway has a port, on loopback", published == {"gateway 127.0.0.1"})
    varz = json.loads(compose("exec", "--no-TTY", "nats", "wget", "-q", "-O", "-", "http://127.0.0.1:8222/varz"))
    check("NATS wants a user", varz.get("auth_required") is True)


def is_healthy(container):
    health = inspect(container, ".State.Health")
    return inspect(container, ".State.Running") and health["Status"] == "healthy"


def kill(service, senders):
    container = containers(service)[0]
    before = sum(len(sender.answers) for sender in senders)
    started = time.monotonic()
    run("docker", "kill", container)
    # `docker kill` is of a person, so that Docker does not start it again by itself.
    run("docker", "start", container)
    eventually(f"{service} is healthy again", lambda: is_healthy(container))
    # Each sender, and not only those that were lucky.
    counts = [len(sender.answers) for sender in senders]
    eventually(
        "all senders are answered again",
        lambda: failed(senders) or all(len(s.answers) > count + 1 for s, count in zip(senders, counts)),
    )
    after = sum(len(sender.answers) for sender in senders)
    check(
        f"{service} was killed: healthy and all answered after {time.monotonic() - started:.1f} s, {after - before} messages meanwhile",
        not failed(senders),
    )


def failed(senders):
    failures = [sender.failure for sender in senders if sender.failure]
    if failures:
        raise SystemExit(f"FAILED: {failures[0]}")
    return False


def attempts(container):
    """The runs that a worker has done."""
    networks = inspect(container, ".NetworkSettings.Networks")
    address = next(network["IPAddress"] for name, network in networks.items() if name.endswith("_inner"))
    text = compose("exec", "--no-TTY", "nats", "wget", "-q", "-O", "-", f"http://{address}:7002/metrics")
    lines = [line for line in text.splitlines() if line.startswith("manyworlds_worker_attempts_total{")]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def scale(senders):
    compose("up", "--detach", "--wait", "--no-recreate", "--scale", f"agent-worker={WORKERS}")
    workers = containers("agent-worker")
    check(f"{WORKERS} workers are healthy", len(workers) == WORKERS and all(map(is_healthy, workers)))
    before = {worker: attempts(worker) for worker in workers}
    eventually(
        "each worker has done some of the work",
        lambda: failed(senders) or all(attempts(worker) > before[worker] for worker in workers),
    )
    print(f"ok: work is spread over {WORKERS} workers", flush=True)


def check_once(senders):
    for sender in senders:
        expected = []
        for text in sender.texts:
            expected += [("guest", text), ("echo", f"You wrote: {text}")]
        # The archive has the commit of the last message, and soon that of its answer.
        eventually("the last answer is in the archive", lambda: len(sender.stored()) >= len(expected), 10)
        stored = sender.stored()
        if stored != expected:
            difference = next((pair for pair in zip(stored, expected) if pair[0] != pair[1]), "a length")
            raise SystemExit(
                f"FAILED: {sender.world} has {len(stored)} messages of {len(expected)}; the first difference: {difference}"
            )
        if sender.answers != [[f"You wrote: {text}"] for text in sender.texts]:
            raise SystemExit(f"FAILED: {sender.world}: a response had other answers")
    messages = sum(len(sender.texts) for sender in senders)
    repeats = sum(sender.repeats for sender in senders)
    check(f"{messages} messages and as many answers are there once, in order ({repeats} requests were repeated)", messages > 0)


def main():
    started = time.monotonic()
    port = int(os.environ.setdefault("MANYWORLDS_PORT", str(free_port())))
    report_images()
    compose("down", "--volumes", "--remove-orphans", "--timeout", "40")
    compose("up", "--detach", "--wait", "--wait-timeout", "180")
    print(f"ok: healthy after {time.monotonic() - started:.1f} s, without any setting", flush=True)
    key = cli("key")
    check("a key was made", key.startswith("mw-") and len(key) > 40)
    check("nothing is read without the key", Api(port).status("/v1/worlds") == 401)
    api = Api(port, key)
    check_hardening()
    cli("world", "apply", "/worlds/lobby.yaml")
    turn = api.call("/v1/worlds/lobby/chats/main/messages", {"sender": "guest", "text": "@ada hello"})
    check("an agent of the lobby answers", "welcome to the lobby" in turn["answers"][0]["text"])

    senders = [Sender(api, number) for number in range(SENDERS)]
    for sender in senders:
        sender.create()
        sender.start()
    # With the profile `cluster` there are two more.
    for service in [*KILLED, "nats-2", "nats-3"]:
        if containers(service):
            kill(service, senders)
    scale(senders)
    for sender in senders:
        sender.stopping.set()
    for sender in senders:
        sender.join(GIVE_UP_SECONDS + 60)
    failed(senders)
    check_once(senders)
    # The key and the passwords are those of the first start.
    compose("up", "--detach", "--wait", "--force-recreate", "--wait-timeout", "180")
    check("the key is the same after all containers were made again", cli("key") == key)
    check_once(senders)
    print(f"passed in {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    keep = bool(os.environ.get("KEEP"))
    try:
        main()
    except SystemExit:
        print(compose("ps", "--all", check=False), file=sys.stderr)
        print(compose("logs", "--tail", "15", "--no-color", check=False), file=sys.stderr)
        raise
    finally:
        if not keep:
            compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "40", check=False)
