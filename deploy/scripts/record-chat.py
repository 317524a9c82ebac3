#!/usr/bin/env python3
"""Records docs/chat.svg from a real run: `manyworlds up`, `manyworlds chat`, and kill -9 in the middle of an answer.

`make picture` builds the program, gets the libraries (pexpect, pyte, rich) and runs this. What is typed is in
`record`; everything else in the picture is what the programs printed. Port 7000 must be free.
"""

import os
import re
import sys
import tempfile
from pathlib import Path

import pexpect
import pyte
from rich.console import Console, Group
from rich.panel import Panel
from rich.text import Text

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs/chat.svg"
COLUMNS = 98
ROWS = 50
# What pyte calls differently.
COLORS = {"brown": "yellow"}
PROMPT = "$ "


class Terminal:
    """A shell in which commands are typed, and all that it shows."""

    def __init__(self, title, folder):
        self.title = title
        self.shown = ""
        variables = {
            **os.environ,
            "PATH": f"{ROOT / 'target/debug'}:{os.environ['PATH']}",
            "PS1": PROMPT,
            "TERM": "xterm-256color",
        }
        self.shell = pexpect.spawn(
            "bash",
            ["--norc", "--noediting"],
            cwd=folder,
            env=variables,
            dimensions=(ROWS, COLUMNS - 4),
            encoding="utf-8",
            timeout=60,
        )
        self.wait(re.escape(PROMPT))

    def wait(self, pattern):
        """Waits until this is shown."""
        self.shell.expect(pattern)
        self.shown += self.shell.before + self.shell.after

    def type(self, line):
        self.shell.sendline(line)

    def run(self, line):
        """Types a command, and waits for its end."""
        self.type(line)
        self.wait(r"\n" + re.escape(PROMPT))

    def panel(self):
        return Panel(self.text(), title=self.title, title_align="left", style="white")

    def text(self):
        """What is on the screen in the end: what was redrawn is there once."""
        screen = pyte.Screen(COLUMNS - 4, ROWS)
        pyte.Stream(screen).feed(self.shown)
        text = Text()
        for row in range(ROWS):
            cells = screen.buffer[row]
            for column in range(COLUMNS - 4):
                cell = cells[column]
                color = COLORS.get(cell.fg, cell.fg)
                text.append(cell.data, f"{'bold ' if cell.bold else ''}{color}")
            text.append("\n")
        lines = text.split("\n")
        for line in lines:
            line.rstrip()
        while lines and lines[-1].plain in ("", PROMPT.strip()):
            lines.pop()
        return Text("\n").join(lines)


def record(folder):
    services = Terminal("terminal 1: all services", folder)
    chat = Terminal("terminal 2: a chat", folder)
    shell = Terminal("terminal 3", folder)
    up = "manyworlds up --world deploy/worlds/lobby.yaml 2> up.log"

    services.type(up)
    services.wait(r"ready http\S+\r\n")
    chat.type("manyworlds chat lobby")
    chat.wait("guest> ")
    chat.type("@ada what about a crash?")
    # In the middle of the answer.
    chat.wait("Pull the plug")
    shell.run("kill -9 $(cat data/manyworlds.lock)    # every service, while ada answers")
    services.wait(r"\n" + re.escape(PROMPT))
    services.type(up)
    services.wait(r"ready http\S+\r\n")
    chat.wait(r"tried again\.")
    chat.type("@ada and replay?")
    chat.wait(r"--at 3`\.")
    chat.wait("guest> ")
    chat.shell.sendeof()
    chat.wait(re.escape(PROMPT))
    shell.run("manyworlds history lobby               # each message is there once")
    shell.run("manyworlds state lobby --at 2 | grep -A 2 answering   # the past, with nothing run again")
    services.shell.sendintr()
    services.shell.expect(re.escape(PROMPT))
    return [services, chat, shell]


def draw(terminals):
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"), force_terminal=True)
    console.print(Group(*(terminal.panel() for terminal in terminals)))
    svg = console.export_svg(title="Manyworlds")
    # Fonts of another site, which pictures may not load: the next name in the list is used.
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(ROOT / "deploy", Path(folder) / "deploy")
        terminals = record(folder)
    PICTURE.write_text(draw(terminals))
    print(PICTURE.relative_to(ROOT), file=sys.stderr)


if __name__ == "__main__":
    main()
