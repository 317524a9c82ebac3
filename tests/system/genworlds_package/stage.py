"""What the examples have in common: somebody who watches, and what is reported of it."""

import json
import threading
import time

from genworlds.simulation.sockets.client import SimulationSocketClient
from genworlds.utils.test_user import TestUser

# Agents poll the state of their world all the time, and sleep between: that is no part of what happens.
STATE = {
    "agent_wants_updated_state",
    "world_sends_available_entities_event",
    "world_sends_available_action_schemas_event",
    "agent_goes_to_sleep",
}
# What differs from run to run, and what the log adds.
VARYING = {"created_at", "event_id", "sequence", "recorded_at"}
PATIENCE_SECONDS = 60


class Observer:
    """A client that has no name and receives everything, like a recorder of GenWorlds."""

    def __init__(self):
        self.events = []
        self.changed = threading.Condition()
        self.client = SimulationSocketClient(process_event=self.on_event)
        connect(self.client)

    def on_event(self, event):
        with self.changed:
            self.events.append(event)
            self.changed.notify_all()

    def wait_for(self, event_type, **fields):
        """The first event of a type, with these fields, that has been seen or is seen in time."""
        def found():
            wanted = {"event_type": event_type, **fields}
            for event in self.events:
                if wanted.items() <= event.items():
                    return event
            return None

        with self.changed:
            if not self.changed.wait_for(found, PATIENCE_SECONDS):
                seen = [(event["event_type"], event.get("message")) for event in self.events]
                raise TimeoutError(f"no {event_type} {fields} among {seen[-50:]}")
            return found()

    def report(self):
        """What happened, each event once: GenWorlds' own server repeats what agents say to each other for ever."""
        with self.changed:
            events = list(self.events)
        seen, report = set(), []
        for event in events:
            shown = {name: value for name, value in event.items() if name not in VARYING}
            text = json.dumps(shown, sort_keys=True)
            if event["event_type"] not in STATE and text not in seen:
                seen.add(text)
                report.append(shown)
        # What several clients send at once comes in any order: that of each type stays.
        return sorted(report, key=lambda event: event["event_type"])


def connect(client):
    """Runs a client of the package in a thread of its own, and returns once it is connected."""
    threading.Thread(target=client.websocket.run_forever, daemon=True).start()
    wait_until("a connection", lambda: client.websocket.sock and client.websocket.sock.connected)


def wait_until(name, state):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not state():
        if time.monotonic() > deadline:
            raise TimeoutError(name)
        time.sleep(0.02)


def start_user():
    """The user of the tutorials, once it is connected."""
    user = TestUser()
    client = user.socket_client
    wait_until("the user", lambda: client.websocket.sock and client.websocket.sock.connected)
    return user


def is_connected(entity):
    socket = entity.simulation_socket_client.websocket.sock
    return bool(socket and socket.connected)


def add(world, *entities):
    """Adds objects to a world, and waits until they receive events."""
    for entity in entities:
        world.add_object(entity)
        wait_until(entity.id, lambda: is_connected(entity))
