"""The tutorial "simple collaboration": John has a matrix made, and Matthew has its determinant computed."""

import json

from genworlds.agents.concrete.basic_assistant.actions import AgentSpeaksWithAgentEvent
from genworlds.agents.concrete.basic_assistant.utils import generate_basic_assistant
from genworlds.events.abstracts.action import AbstractAction
from genworlds.events.abstracts.event import AbstractEvent
from genworlds.objects.abstracts.object import AbstractObject
from genworlds.worlds.concrete.base.actions import UserSpeaksWithAgentEvent
from genworlds.worlds.concrete.base.world import BaseWorld

from model import Step
from stage import Observer, add, start_user, wait_until


class AgentGeneratesNByNMatrixEvent(AbstractEvent):
    event_type = "agent_generates_n_by_n_matrix_event"
    description = "An agent generates an n by n matrix."
    N: int


class SendGeneratedMatrixEvent(AbstractEvent):
    event_type = "send_generated_matrix_event"
    description = "Sends the generated matrix."
    matrix: list


class GenerateMatrix(AbstractAction):
    trigger_event_class = AgentGeneratesNByNMatrixEvent
    description = "Generates an n by n matrix."

    def __call__(self, event: AgentGeneratesNByNMatrixEvent):
        # The tutorial draws it: here each run is the same.
        matrix = [[(row * event.N + column * column) % 7 for column in range(event.N)] for row in range(event.N)]
        self.host_object.send_event(
            SendGeneratedMatrixEvent(sender_id=self.host_object.id, target_id=event.sender_id, matrix=matrix)
        )


class AgentComputesDeterminant(AbstractEvent):
    event_type = "agent_computes_determinant"
    description = "An agent computes the determinant of a matrix."
    matrix: list


class SendMatrixDeterminant(AbstractEvent):
    event_type = "send_matrix_determinant"
    description = "Sends the determinant of the matrix."
    determinant: float


class ComputeDeterminant(AbstractAction):
    trigger_event_class = AgentComputesDeterminant
    description = "Computes the determinant of a matrix."

    def __call__(self, event: AgentComputesDeterminant):
        (a, b, c), (d, e, f), (g, h, i) = event.matrix
        determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
        self.host_object.send_event(
            SendMatrixDeterminant(
                sender_id=self.host_object.id, target_id=event.sender_id, determinant=determinant
            )
        )


class MatrixGenerator(AbstractObject):
    def __init__(self):
        super().__init__(
            name="Matrix generator", id="matrix_generator", description="Generates matrices.",
            actions=[GenerateMatrix(host_object=self)],
        )


class DetCalculator(AbstractObject):
    def __init__(self):
        super().__init__(
            name="Determinant calculator", id="det_calculator", description="Computes determinants.",
            actions=[ComputeDeterminant(host_object=self)],
        )


def last(memory, event_type):
    return [event for event in memory if event["event_type"] == event_type][-1]


def run(model):
    world = BaseWorld(name="Collaboration", description="Agents work together.", id="world")
    world.launch()
    observer = Observer()
    agents = []
    for name, steps in {"John": john(), "Matthew": matthew()}.items():
        agent = generate_basic_assistant(
            openai_api_key="none", agent_name=name, description="an agent that works with others"
        )
        agent.add_wakeup_event(event_class=UserSpeaksWithAgentEvent)
        agent.add_wakeup_event(event_class=AgentSpeaksWithAgentEvent)
        model.play(agent, steps)
        world.add_agent(agent)
        agents.append(agent)
    add(world, MatrixGenerator(), DetCalculator())
    for agent in agents:
        wait_until("sleep", lambda: agent.state_manager.state.is_asleep)
    user = start_user()
    question = UserSpeaksWithAgentEvent(
        sender_id=user.id, target_id="John",
        message="Generate a 3x3 matrix, send it to Matthew for its determinant, and tell me both.",
    )
    user.socket_client.send_message(question.json())
    observer.wait_for("agent_speaks_with_user_event", sender_id="John")
    return observer


def john():
    return [
        Step("John:AgentGoesToSleep", {"target_id": "John"}),
        Step(
            "matrix_generator:GenerateMatrix", {"target_id": "matrix_generator", "N": 3},
            heard="user_speaks_with_agent_event",
        ),
        Step(
            "John:AgentSpeaksWithAgent",
            lambda memory: {
                "target_id": "Matthew", "message": str(last(memory, "send_generated_matrix_event")["matrix"]),
            },
            heard="send_generated_matrix_event",
        ),
        Step("John:AgentSpeaksWithUser", both, heard="agent_tells_the_determinant"),
    ]


def both(memory):
    matrix = last(memory, "send_generated_matrix_event")["matrix"]
    told = last(memory, "agent_tells_the_determinant")["message"]
    return {"target_id": "test_user", "message": f"{matrix}: {told}"}


def matthew():
    return [
        Step("Matthew:AgentGoesToSleep", {"target_id": "Matthew"}),
        Step(
            "det_calculator:ComputeDeterminant",
            lambda memory: {
                "target_id": "det_calculator",
                "matrix": json.loads(last(memory, "agent_speaks_with_agent_event")["message"]),
            },
            heard="agent_speaks_with_agent_event",
        ),
        Step(
            "Matthew:AgentSpeaksWithAgent",
            # Of another type than John's message, which is repeated for ever: his answer would be lost among the copies.
            lambda memory: {
                "event_type": "agent_tells_the_determinant", "target_id": "John",
                "message": str(last(memory, "send_matrix_determinant")["determinant"]),
            },
            heard="send_matrix_determinant",
        ),
    ]
