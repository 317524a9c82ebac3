"""Runs an example of GenWorlds with the classes of its package: run.py EXAMPLE REPORT [server]

What happened is written to the file REPORT, one event a line. Worlds start GenWorlds' own server at 127.0.0.1:7456, as
their tutorials do. When another server listens there already, theirs can't start, and all of them use that one.
"""

import importlib
import json
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))

from model import ScriptedModel  # noqa: E402


def main(example, path):
    # Before the package is imported: it reads the address of the model from the environment.
    model = ScriptedModel()
    observer = importlib.import_module(example).run(model)
    with open(path, "w", encoding="utf-8") as file:
        for event in observer.report():
            file.write(json.dumps(event) + "\n")
    # The threads of the package never end.
    os._exit(0)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:3])
    except BaseException:
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
