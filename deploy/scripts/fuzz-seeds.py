#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets into fuzz/corpus: what tests and documents have as inputs."""

import hashlib
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "fuzz" / "corpus"
LITERAL = re.compile(r'r(#+)"(.*?)"\1|"((?:[^"\\]|\\.)*)"', re.DOTALL)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "0": "\0"}


def files(*patterns):
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


def literals(*patterns):
    """The texts in Rust sources, in their order."""
    for path in files(*patterns):
        for match in LITERAL.finditer(path.read_text()):
            raw, plain = match.group(2), match.group(3)
            if raw is not None:
                yield raw
            else:
                yield re.sub(r"\\(.)", lambda escape: ESCAPES.get(escape.group(1), ""), plain)


def objects(*patterns):
    return [text for text in literals(*patterns) if text.lstrip().startswith(("{", "["))]


def one_line(text):
    return " ".join(text.split("\n"))


def schemas():
    """Each schema with the value that a table has beside it: the next literal."""
    for path in files("shared/schema/tests/*/*.rs"):
        texts = list(literals(str(path.relative_to(ROOT))))
        for schema, value in zip(texts, texts[1:] + ["null"]):
            if schema.lstrip().startswith("{"):
                yield one_line(schema) + "\n" + one_line(value)


def responses():
    protocols = ["openai", "anthropic", "gemini", "ollama"]
    for number, protocol in enumerate(protocols):
        texts = objects(f"shared/models/src/reader/tests/{protocol}.rs")
        texts += objects("shared/models/src/reader/tests/[ces]*.rs")
        head = bytes([number, 100]).decode("latin-1")
        for at in range(0, len(texts), 3):
            lines = [one_line(text) for text in texts[at : at + 3]]
            yield head + "".join(f"data: {line}\n\n" for line in lines) + "data: [DONE]\n\n"
            yield head + "\n".join(lines)


SEEDS = {
    "atoms_frame": lambda: objects(
        "services/gateway/door-atoms/src/*.rs", "services/gateway/tests/gateway/atoms/*.rs"
    ),
    "commit": lambda: [
        line
        for path in files("shared/rules/tests/fixtures/*/commits.jsonl")
        for line in path.read_text().splitlines()[:40]
    ]
    + [path.read_text() for path in files("shared/contract/golden/commit.json")],
    "genworlds_frame": lambda: objects("services/gateway/door-genworlds/src/*.rs"),
    "mentions": lambda: literals(
        "shared/rules/src/tests/dialect.rs", "shared/rules/src/dialect/**/*.rs"
    ),
    "model_stream": responses,
    "native_frame": lambda: objects("services/gateway/door-native/src/*.rs"),
    "schema": schemas,
    "world_file": lambda: [path.read_text() for path in files("deploy/worlds/*.yaml")]
    + list(literals("shared/world-file/tests/*.rs")),
}


def main():
    for target, texts in SEEDS.items():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for text in texts():
            data = text.encode("utf-8", "replace")
            (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


if __name__ == "__main__":
    main()
