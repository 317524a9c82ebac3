"""The custom Q&A agent of GenWorlds: a state of its own, a chain of actions, and an action that needs a thought."""

from time import sleep
from typing import List

from genworlds.agents.abstracts.agent_state import AbstractAgentState
from genworlds.agents.abstracts.thought import AbstractThought
from genworlds.agents.abstracts.thought_action import ThoughtAction
from genworlds.agents.concrete.basic_assistant.utils import generate_basic_assistant
from genworlds.events.abstracts.action import AbstractAction
from genworlds.events.abstracts.event import AbstractEvent
from genworlds.worlds.concrete.base.actions import UserSpeaksWithAgentEvent
from genworlds.worlds.concrete.community_chat_interface.world import ChatInterfaceWorld
from langchain.chains.openai_functions import create_structured_output_chain
from langchain.chat_models import ChatOpenAI
from langchain.prompts import ChatPromptTemplate
from pydantic import BaseModel

from model import Step
from rag import CHUNKS, QdrantBucket, VectorStoreCollectionRetrieveQuery, VectorStoreCollectionSimilarChunks
from rag import make_collection
from stage import Observer, add, start_user, wait_until


class QnAAgentState(AbstractAgentState):
    users_question: str
    retrieved_information: List[str]


class AgentRetrievesFromSourcesEvent(AbstractEvent):
    event_type = "agent_retrieves_from_sources_event"
    description = "The agent retrieves information from its sources."
    users_query: str


class AgentRetrievesFromSources(AbstractAction):
    trigger_event_class = AgentRetrievesFromSourcesEvent
    description = "The agent retrieves information from its sources."

    def __call__(self, event: AgentRetrievesFromSourcesEvent):
        self.host_object.state_manager.state.users_question = event.users_query
        for query in (event.users_query, CHUNKS[2]):
            self.host_object.send_event(
                VectorStoreCollectionRetrieveQuery(
                    sender_id=self.host_object.id, target_id="qdrant_bucket", collection_name="docs", query=query,
                    num_chunks=1,
                )
            )
        # As in the tutorial, which waits so for what is found.
        sleep(5)


class AddRelevantInfoToState(AbstractAction):
    trigger_event_class = VectorStoreCollectionSimilarChunks
    description = "Adds what was found to the state of the agent."

    def __call__(self, event: VectorStoreCollectionSimilarChunks):
        self.host_object.state_manager.state.retrieved_information.extend(event.similar_chunks)


class JustifiedAnswer(BaseModel):
    answer: str
    rationale: str
    references: List[str]


class AnswerFromSourcesThought(AbstractThought):
    def __init__(self, state: QnAAgentState):
        self.state = state

    def run(self):
        prompt = ChatPromptTemplate.from_messages([("system", "You are {agent_name}, an expert."), ("human", "{found}")])
        llm = ChatOpenAI(openai_api_key="none", model_name="gpt-3.5-turbo-1106")
        chain = create_structured_output_chain(JustifiedAnswer.schema(), llm, prompt)
        answer = chain.run(agent_name=self.state.name, found="\n".join(self.state.retrieved_information))
        return JustifiedAnswer.parse_obj(answer).answer


class AgentAnswersAsExpertTriggerEvent(AbstractEvent):
    event_type = "agent_answers_as_expert_trigger_event"
    description = "The agent answers as an expert."
    justified_answer: str
    references: str


class AgentAnswersAsExpertEvent(AbstractEvent):
    event_type = "agent_answers_as_expert_event"
    description = "The agent answers as an expert."
    justified_answer: str
    references: str


class AnswerToUserAsExpert(ThoughtAction):
    trigger_event_class = AgentAnswersAsExpertTriggerEvent
    description = "The agent answers the user as an expert."
    required_thoughts = {"justified_answer": AnswerFromSourcesThought}

    def __call__(self, event: AgentAnswersAsExpertTriggerEvent):
        self.host_object.send_event(
            AgentAnswersAsExpertEvent(
                sender_id=self.host_object.id, target_id=event.target_id, justified_answer=event.justified_answer,
                references=event.references,
            )
        )
        self.host_object.state_manager.state.other_thoughts_filled_parameters = {}


def state(chain):
    return QnAAgentState(
        name="qna_agent", id="qna_agent", description="an expert", goals=["Answer questions."], plan=[],
        last_retrieved_memory="", other_thoughts_filled_parameters={}, available_entities=[],
        available_action_schemas={}, current_action_chain=[], host_world_prompt="",
        simulation_memory_persistent_path="./",
        memory_ignored_event_types=(
            "world_sends_available_action_schemas_event", "world_sends_available_entities_event",
            "agent_wants_updated_state",
        ),
        wakeup_event_types=set(), is_asleep=False, action_schema_chains=[chain], users_question="",
        retrieved_information=[],
    )


def run(model):
    world = ChatInterfaceWorld(name="QnAWorld", id="qna-world", description="A world with an expert.")
    world.launch()
    observer = Observer()
    bucket = QdrantBucket()
    make_collection(bucket, "docs")
    agent = generate_basic_assistant(
        openai_api_key="none", agent_name="qna_agent", description="an expert",
        initial_agent_state=state(["qna_agent:AgentRetrievesFromSources", "qna_agent:AnswerToUserAsExpert"]),
        action_classes=[AgentRetrievesFromSources, AddRelevantInfoToState, AnswerToUserAsExpert],
    )
    agent.add_wakeup_event(event_class=UserSpeaksWithAgentEvent)
    model.thoughts["JustifiedAnswer"] = {
        "answer": "It is a framework.", "rationale": "The sources say so.", "references": ["docs"],
    }
    model.play(agent, [
        Step("qna_agent:AgentGoesToSleep", {"target_id": "qna_agent"}),
        Step(
            "qna_agent:AgentRetrievesFromSources", {"users_query": CHUNKS[0]},
            heard="user_speaks_with_agent_event",
        ),
        # The chain goes on without being asked; what it says was found, and thought.
        Step(
            "qna_agent:AnswerToUserAsExpert",
            lambda _memory: {
                "target_id": "test_user", "references": "; ".join(agent.state_manager.state.retrieved_information),
                **agent.state_manager.state.other_thoughts_filled_parameters,
            },
        ),
        Step("qna_agent:AgentGoesToSleep", {"target_id": "qna_agent"}),
    ])
    add(world, bucket)
    world.add_agent(agent)
    wait_until("sleep", lambda: agent.state_manager.state.is_asleep)
    user = start_user()
    asked = UserSpeaksWithAgentEvent(
        sender_id=user.id, target_id="qna_agent", message="Do you know what GenWorlds is?"
    )
    user.socket_client.send_message(asked.json())
    observer.wait_for(
        "agent_answers_as_expert_event", justified_answer="It is a framework.",
        references=f"{CHUNKS[0]}; {CHUNKS[2]}",
    )
    return observer
