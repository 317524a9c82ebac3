"""Drives the client of Atoms: driver.py URL REPORT MESSAGE...

It connects, joins, waits for a greeting and sends the messages. What each step returns is a line of JSON in the file
REPORT: the client itself writes to the standard output.
"""

import asyncio
import json
import sys

from smallestai.cli.lib.chat import ChatClient, SDKSystemUserJoinedEvent


async def main(url, report, messages):
    def write(step, result):
        report.write(json.dumps({"step": step, "result": result}) + "\n")
        report.flush()

    client = ChatClient(url)
    write("connect", await client._connect())
    write("join", await client.send_event(SDKSystemUserJoinedEvent()))
    write("greeting", await client.receive_initial_message())
    for message in messages:
        write(message, await client.send_message(message))
    await client._disconnect()


with open(sys.argv[2], "w", encoding="utf-8") as file:
    asyncio.run(main(sys.argv[1], file, sys.argv[3:]))
