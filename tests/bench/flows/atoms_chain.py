"""The control of the benchmark of flows: events through the SDK of Atoms, in one process.

atoms_chain.py COUNT prints how many events a second pass from a decoded frame through a root, three nodes that send
them on, and a sink that encodes them. Nothing is stored and nothing leaves the process.
"""

import asyncio
import json
import sys
import time

from loguru import logger
from smallestai.atoms.crew.nodes import CrewNode
from smallestai.atoms.crew.session import EventCodec, RootNode, SinkNode
from smallestai.atoms.crew.task_manager import TaskManager, TaskManagerParams

BATCH = 20
PAYLOAD_BYTES = 200


class Pass(CrewNode):
    async def process_event(self, event):
        await self.send_event(event)


class Output:
    """The session, as far as a sink needs it."""

    def __init__(self, count):
        self.codec = EventCodec()
        self.left = count
        self.done = asyncio.Event()

    async def send_to_websocket(self, event):
        self.codec.encode(event)
        self.left -= 1
        if self.left == 0:
            self.done.set()


async def main(count):
    output = Output(count)
    nodes = [RootNode(), Pass("a"), Pass("b"), Pass("c"), SinkNode(output)]
    for parent, child in zip(nodes, nodes[1:]):
        parent.add_child(child)
    tasks = TaskManager()
    tasks.setup(TaskManagerParams(loop=asyncio.get_running_loop()))
    for node in nodes:
        await node.start(None, tasks)
    payload = {"text": "x" * (PAYLOAD_BYTES - 12)}
    event = {"type": "agent.log", "timestamp": "2026-01-01T00:00:00", "name": "note", "payload": payload}
    frame = json.dumps(event)
    started = time.perf_counter()
    for number in range(count):
        await nodes[0].queue_event(output.codec.decode(json.loads(frame)))
        if number % BATCH == 0:
            await asyncio.sleep(0)
    await output.done.wait()
    print(count / (time.perf_counter() - started))
    for node in nodes:
        await node.stop()


logger.remove()
asyncio.run(main(int(sys.argv[1])))
