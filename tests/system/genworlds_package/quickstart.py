"""The quickstart of GenWorlds: an agent adds two numbers with a calculator. Its world has no id of its own."""

from genworlds.agents.concrete.basic_assistant.utils import generate_basic_assistant
from genworlds.events.abstracts.action import AbstractAction
from genworlds.events.abstracts.event import AbstractEvent
from genworlds.objects.abstracts.object import AbstractObject
from genworlds.worlds.concrete.base.actions import UserSpeaksWithAgentEvent
from genworlds.worlds.concrete.base.world import BaseWorld

from model import Step
from stage import Observer, add, start_user, wait_until


class AgentWantsToAddTwoNumbersEvent(AbstractEvent):
    event_type = "agent_wants_to_add_two_numbers_event"
    description = "Agent wants to add two numbers"
    number1: float
    number2: float


class SendAddedNumbersToAgentEvent(AbstractEvent):
    event_type = "send_added_numbers_to_agent_event"
    description = "Sends the sum of the two numbers to the agent"
    sum: float


class AddTwoNumbers(AbstractAction):
    trigger_event_class = AgentWantsToAddTwoNumbersEvent
    description = "Adds two numbers and sends the sum to the agent"

    def __init__(self, host_object: AbstractObject):
        super().__init__(host_object=host_object)

    def __call__(self, event: AgentWantsToAddTwoNumbersEvent):
        total = event.number1 + event.number2
        self.host_object.send_event(
            SendAddedNumbersToAgentEvent(sender_id=self.host_object.id, target_id=event.sender_id, sum=total)
        )


class Calculator(AbstractObject):
    def __init__(self, id: str):
        super().__init__(
            name="Calculator", id=id, description="An object used to add two numbers",
            actions=[AddTwoNumbers(host_object=self)],
        )


def run(model):
    world = BaseWorld(name="Hello World", description="A world for testing the library.")
    world.launch()
    observer = Observer()
    agent = generate_basic_assistant(
        openai_api_key="none", agent_name="agent1", description="an agent that helps to add numbers"
    )
    agent.add_wakeup_event(event_class=UserSpeaksWithAgentEvent)
    model.play(agent, [
        Step("agent1:AgentGoesToSleep", {"target_id": "agent1"}),
        Step(
            "simple_calculator:AddTwoNumbers",
            {"target_id": "simple_calculator", "number1": 2.45, "number2": 6.78},
            heard="user_speaks_with_agent_event",
        ),
        Step("agent1:AgentSpeaksWithUser", answer, heard="send_added_numbers_to_agent_event"),
        Step("agent1:AgentGoesToSleep", {"target_id": "agent1"}),
    ])
    world.add_agent(agent)
    add(world, Calculator(id="simple_calculator"))
    observer.wait_for("agent_goes_to_sleep", sender_id="agent1")
    wait_until("sleep", lambda: agent.state_manager.state.is_asleep)
    user = start_user()
    question = UserSpeaksWithAgentEvent(
        sender_id=user.id, target_id="agent1", message="What is the sum of 2.45 and 6.78?"
    )
    user.socket_client.send_message(question.json())
    observer.wait_for("agent_speaks_with_user_event", message="The sum is 9.23.")
    return observer


def answer(memory):
    sums = [event["sum"] for event in memory if event["event_type"] == "send_added_numbers_to_agent_event"]
    return {"target_id": None, "message": f"The sum is {sums[-1]:.2f}."}
