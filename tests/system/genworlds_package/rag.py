"""The foundational RAG of GenWorlds: a folder becomes one text, the text a collection of chunks, and an agent answers
from them. The collection is made in a thread of its own, as there. Its entities are found by a model, and left out."""

import os
import tempfile
import threading
from typing import List

from genworlds.agents.concrete.basic_assistant.utils import generate_basic_assistant
from genworlds.events.abstracts.action import AbstractAction
from genworlds.events.abstracts.event import AbstractEvent
from genworlds.objects.abstracts.object import AbstractObject
from genworlds.worlds.concrete.base.actions import UserSpeaksWithAgentEvent
from genworlds.worlds.concrete.community_chat_interface.world import ChatInterfaceWorld
from langchain.embeddings import OpenAIEmbeddings
from langchain.text_splitter import CharacterTextSplitter
from langchain.vectorstores import Qdrant

from model import Step
from stage import Observer, add, start_user, wait_until

CHUNKS = ["GenWorlds is a framework of worlds.", "An event is a small JSON payload.", "An action has a trigger."]
SEPARATOR = "\n\n---\n\n"


class AgentRequestsFolderConversion(AbstractEvent):
    event_type = "agent_requests_folder_conversion"
    description = "An agent requests conversion of all supported documents in a folder to a TXT."
    input_folder_path: str
    output_file_path: str


class FolderConversionCompleted(AbstractEvent):
    event_type = "folder_conversion_completed"
    description = "The folder was converted."
    output_txt_path: str


class ConvertFolderToTXT(AbstractAction):
    trigger_event_class = AgentRequestsFolderConversion
    description = "Converts all supported documents in a folder to a single TXT file."

    def __call__(self, event: AgentRequestsFolderConversion):
        texts = []
        for name in sorted(os.listdir(event.input_folder_path)):
            with open(os.path.join(event.input_folder_path, name), encoding="utf-8") as file:
                texts.append(file.read())
        with open(event.output_file_path, "w", encoding="utf-8") as file:
            file.write(SEPARATOR.join(texts))
        self.host_object.send_event(
            FolderConversionCompleted(
                sender_id=self.host_object.id, target_id=event.sender_id, output_txt_path=event.output_file_path
            )
        )


class LocalStorageBucket(AbstractObject):
    def __init__(self):
        super().__init__(
            name="Local Storage Bucket", id="local_storage_bucket", description="Converts files.",
            actions=[ConvertFolderToTXT(host_object=self)],
        )


class AgentGeneratesTextChunkCollection(AbstractEvent):
    event_type = "agent_generates_text_chunk_collection"
    description = "An agent generates a collection of text chunks."
    collection_name: str
    full_text_path: str
    num_tokens_chunk_size: int = 500
    metadata: dict = {}


class VectorStoreCollectionCreationInProcess(AbstractEvent):
    event_type = "vector_store_collection_creation_in_process"
    description = "The collection is being created."
    collection_name: str


class VectorStoreCollectionCreated(AbstractEvent):
    event_type = "vector_store_collection_created"
    description = "The collection has been created."
    has_been_created: bool = False
    collection_name: str


class GenerateTextChunkCollection(AbstractAction):
    trigger_event_class = AgentGeneratesTextChunkCollection
    description = "Generates a collection of text chunks."

    def __call__(self, event: AgentGeneratesTextChunkCollection):
        threading.Thread(target=self.create, args=(event,), daemon=True).start()
        self.host_object.send_event(
            VectorStoreCollectionCreationInProcess(
                sender_id=self.host_object.id, target_id=event.sender_id, collection_name=event.collection_name
            )
        )

    def create(self, event):
        with open(event.full_text_path, encoding="utf-8") as file:
            splitter = CharacterTextSplitter(separator=SEPARATOR, chunk_size=40, chunk_overlap=0)
            chunks = splitter.split_text(file.read())
        self.host_object.collections[event.collection_name] = Qdrant.from_texts(
            chunks, OpenAIEmbeddings(openai_api_key="none"), location=":memory:",
            collection_name=event.collection_name,
        )
        self.host_object.send_event(
            VectorStoreCollectionCreated(
                sender_id=self.host_object.id, target_id=event.sender_id, collection_name=event.collection_name,
                has_been_created=True,
            )
        )


class VectorStoreCollectionRetrieveQuery(AbstractEvent):
    event_type = "agent_sends_query_to_retrieve_chunks"
    description = "An agent sends a query to retrieve chunks."
    collection_name: str
    query: str
    num_chunks: int = 5


class VectorStoreCollectionSimilarChunks(AbstractEvent):
    event_type = "vector_store_collection_similar_chunks"
    description = "The chunks that are most similar to the query."
    collection_name: str
    similar_chunks: List[str]


class RetrieveChunksBySimilarity(AbstractAction):
    trigger_event_class = VectorStoreCollectionRetrieveQuery
    description = "Retrieves a list of text chunks by their similarity to a query."

    def __call__(self, event: VectorStoreCollectionRetrieveQuery):
        store = self.host_object.collections[event.collection_name]
        found = store.similarity_search(event.query, k=event.num_chunks)
        self.host_object.send_event(
            VectorStoreCollectionSimilarChunks(
                sender_id=self.host_object.id, target_id=event.sender_id, collection_name=event.collection_name,
                similar_chunks=[document.page_content for document in found],
            )
        )


class QdrantBucket(AbstractObject):
    def __init__(self):
        self.collections = {}
        super().__init__(
            name="Qdrant Bucket", id="qdrant_bucket", description="Stores vectors.",
            actions=[GenerateTextChunkCollection(host_object=self), RetrieveChunksBySimilarity(host_object=self)],
        )


def make_collection(bucket, name):
    """The collection of an earlier run of the RAG."""
    bucket.collections[name] = Qdrant.from_texts(
        CHUNKS, OpenAIEmbeddings(openai_api_key="none"), location=":memory:", collection_name=name
    )


def run(model):
    folder = tempfile.mkdtemp()
    for number, chunk in enumerate(CHUNKS):
        with open(os.path.join(folder, f"{number}.md"), "w", encoding="utf-8") as file:
            file.write(chunk)
    text = os.path.join(tempfile.gettempdir(), "genworlds-rag.txt")
    world = ChatInterfaceWorld(name="RAGWorld", id="rag-world", description="A world with a library.")
    world.launch()
    observer = Observer()
    agent = generate_basic_assistant(
        openai_api_key="none", agent_name="librarian", description="an agent that answers from documents"
    )
    agent.add_wakeup_event(event_class=UserSpeaksWithAgentEvent)
    agent.add_wakeup_event(event_class=VectorStoreCollectionCreated)
    model.play(agent, [
        Step("librarian:AgentGoesToSleep", {"target_id": "librarian"}),
        Step(
            "local_storage_bucket:ConvertFolderToTXT",
            lambda memory: {
                "target_id": "local_storage_bucket", "input_folder_path": question(memory), "output_file_path": text,
            },
            heard="user_speaks_with_agent_event",
        ),
        Step(
            "qdrant_bucket:GenerateTextChunkCollection",
            {"target_id": "qdrant_bucket", "full_text_path": text, "collection_name": "docs",
             "num_tokens_chunk_size": 500, "metadata": {}},
            heard="folder_conversion_completed",
        ),
        Step(
            "qdrant_bucket:RetrieveChunksBySimilarity",
            {"target_id": "qdrant_bucket", "collection_name": "docs", "query": CHUNKS[1], "num_chunks": 1},
            heard="vector_store_collection_created",
        ),
        Step("librarian:AgentSpeaksWithUser", answer, heard="vector_store_collection_similar_chunks"),
    ])
    world.add_agent(agent)
    add(world, LocalStorageBucket(), QdrantBucket())
    wait_until("sleep", lambda: agent.state_manager.state.is_asleep)
    user = start_user()
    asked = UserSpeaksWithAgentEvent(sender_id=user.id, target_id="librarian", message=folder)
    user.socket_client.send_message(asked.json())
    observer.wait_for("agent_speaks_with_user_event", message=CHUNKS[1])
    # The folder is another in each run.
    for event in observer.events:
        for field in ("message", "input_folder_path"):
            if event.get(field) == folder:
                event[field] = "folder"
    return observer


def question(memory):
    asked = [event for event in memory if event["event_type"] == "user_speaks_with_agent_event"]
    return asked[-1]["message"]


def answer(memory):
    found = [event for event in memory if event["event_type"] == "vector_store_collection_similar_chunks"]
    return {"target_id": "test_user", "message": found[-1]["similar_chunks"][0]}
