"""What the web page of GenWorlds sends: it opens under one name, and speaks under another."""

import json
import os
import tempfile
import threading
from datetime import datetime

import websocket
from genworlds.agents.concrete.basic_assistant.utils import generate_basic_assistant
from genworlds.worlds.concrete.base.actions import UserSpeaksWithAgentEvent
from genworlds.worlds.concrete.community_chat_interface.world import ChatInterfaceWorld

from model import Step
from stage import Observer, wait_until

SCREENS = {
    "name": "Main", "settings": {},
    "screens": [{
        "name": "Chat", "has_input": True, "screen_type": "event_history",
        "tracked_events": [{
            "event_type": "agent_speaks_with_user_event",
            "fields_to_display": [{"name": "message", "format": "fg:#ff00ff bold"}],
            "filters": [], "css_classes": "",
        }],
    }],
}


class Page:
    """A browser's WebSocket, with the whole history that the page keeps."""

    def __init__(self):
        self.history = []
        self.socket = websocket.create_connection("ws://127.0.0.1:7456/ws")
        threading.Thread(target=self.receive, daemon=True).start()

    def receive(self):
        while True:
            self.history.append(json.loads(self.socket.recv()))

    def send(self, event_type, sender, target, **fields):
        event = {
            "event_type": event_type, "description": "", "summary": None,
            "created_at": datetime.now().isoformat(), "sender_id": sender, "target_id": target, **fields,
        }
        self.socket.send(json.dumps(event))

    def wait_for(self, event_type):
        wait_until(event_type, lambda: any(event["event_type"] == event_type for event in list(self.history)))
        return [event for event in list(self.history) if event["event_type"] == event_type]


def run(model):
    path = os.path.join(tempfile.mkdtemp(), "screens_config.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(SCREENS, file)
    world = ChatInterfaceWorld(
        name="Chat", id="chat-world", description="A world with a page.", screens_config_path=path
    )
    world.launch()
    observer = Observer()
    agent = generate_basic_assistant(
        openai_api_key="none", agent_name="concierge", description="an agent that greets people"
    )
    agent.add_wakeup_event(event_class=UserSpeaksWithAgentEvent)
    model.play(agent, [
        Step("concierge:AgentGoesToSleep", {"target_id": "concierge"}),
        Step(
            "concierge:AgentSpeaksWithUser", {"target_id": "chat_user", "message": "Good evening."},
            heard="user_speaks_with_agent_event",
        ),
    ])
    world.add_agent(agent)
    wait_until("sleep", lambda: agent.state_manager.state.is_asleep)
    page = Page()
    page.send("user_requests_screens_to_world", "test_user", None)
    page.send("agent_wants_updated_state", "test_user", None)
    screens = page.wait_for("world_sends_screens_to_user")
    assert screens[-1]["screens_config"] == SCREENS, screens
    entities = page.wait_for("world_sends_available_entities_event")
    assert set(entities[-1]["available_entities"]) >= {"chat-world", "concierge"}, entities
    page.wait_for("world_sends_available_action_schemas_event")
    page.send("user_speaks_with_agent_event", "chat_user", "concierge", message="Hello")
    answers = page.wait_for("agent_speaks_with_user_event")
    assert [answer["message"] for answer in answers] == ["Good evening."], answers
    observer.wait_for("agent_speaks_with_user_event", target_id="chat_user")
    return observer
