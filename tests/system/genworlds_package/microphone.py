"""The tutorial "token bearer", with its faults mended: only the holder of a microphone speaks into it, and passes it on.

What is spoken comes from the microphone in the name of the speaker: one connection sends for several entities.
"""

from genworlds.events.abstracts.action import AbstractAction
from genworlds.events.abstracts.event import AbstractEvent
from genworlds.objects.abstracts.object import AbstractObject
from genworlds.simulation.sockets.client import SimulationSocketClient
from genworlds.worlds.concrete.base.world import BaseWorld

from stage import Observer, add, connect


class SendMicrophoneToAgentEvent(AbstractEvent):
    event_type = "send_microphone_to_agent_event"
    description = "The holder passes the microphone on."
    new_holder_id: str


class NewHolderOfMicrophoneEvent(AbstractEvent):
    event_type = "new_holder_of_microphone_event"
    description = "The microphone has a new holder."
    new_holder_id: str


class AgentSpeaksIntoMicrophoneTriggerEvent(AbstractEvent):
    event_type = "agent_speaks_into_microphone_trigger_event"
    description = "An agent speaks into the microphone."
    message: str


class AgentSpeaksIntoMicrophoneEvent(AbstractEvent):
    event_type = "agent_speaks_into_microphone_event"
    description = "What is spoken into the microphone."
    message: str


class NotAllowedToSpeakEvent(AbstractEvent):
    event_type = "not_allowed_to_speak_event"
    description = "Who does not hold the microphone may not speak."
    message: str


class SendMicrophoneToAgent(AbstractAction):
    trigger_event_class = SendMicrophoneToAgentEvent
    description = "Passes the microphone on."

    def __call__(self, event: SendMicrophoneToAgentEvent):
        if event.sender_id != self.host_object.holder_id:
            return
        self.host_object.holder_id = event.new_holder_id
        self.host_object.send_event(
            NewHolderOfMicrophoneEvent(
                sender_id=self.host_object.id, target_id=event.new_holder_id, new_holder_id=event.new_holder_id
            )
        )


class AgentSpeaksIntoMicrophone(AbstractAction):
    trigger_event_class = AgentSpeaksIntoMicrophoneTriggerEvent
    description = "Speaks into the microphone."

    def __call__(self, event: AgentSpeaksIntoMicrophoneTriggerEvent):
        if event.sender_id == self.host_object.holder_id:
            # In the name of the speaker.
            spoken = AgentSpeaksIntoMicrophoneEvent(sender_id=event.sender_id, message=event.message)
        else:
            spoken = NotAllowedToSpeakEvent(
                sender_id=self.host_object.id, target_id=event.sender_id, message="keep waiting for now"
            )
        self.host_object.send_event(spoken)


class Microphone(AbstractObject):
    def __init__(self, holder_id: str):
        self.holder_id = holder_id
        super().__init__(
            name="Microphone", id="mic", description="Only its holder may speak into it.",
            actions=[SendMicrophoneToAgent(host_object=self), AgentSpeaksIntoMicrophone(host_object=self)],
        )


def run(_model):
    world = BaseWorld(name="Podcast", description="Two hosts and a microphone.", id="podcast")
    world.launch()
    observer = Observer()
    add(world, Microphone(holder_id="jason"))
    hosts = {}
    for name in ("jason", "david"):
        hosts[name] = SimulationSocketClient(process_event=None)
        connect(hosts[name])

    def speak(name, message):
        event = AgentSpeaksIntoMicrophoneTriggerEvent(sender_id=name, target_id="mic", message=message)
        hosts[name].send_message(event.json())

    speak("david", "me first")
    observer.wait_for("not_allowed_to_speak_event", target_id="david")
    for number in range(40):
        speak("jason", f"number {number}")
    observer.wait_for("agent_speaks_into_microphone_event", sender_id="jason", message="number 39")
    pass_on = SendMicrophoneToAgentEvent(sender_id="jason", target_id="mic", new_holder_id="david")
    hosts["jason"].send_message(pass_on.json())
    observer.wait_for("new_holder_of_microphone_event", target_id="david")
    speak("david", "at last")
    observer.wait_for("agent_speaks_into_microphone_event", sender_id="david", message="at last")
    spoken = [
        event["message"]
        for event in observer.events
        if event["event_type"] == "agent_speaks_into_microphone_event"
    ]
    assert spoken == [f"number {number}" for number in range(40)] + ["at last"], spoken
    return observer
