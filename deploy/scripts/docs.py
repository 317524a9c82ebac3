#!/usr/bin/env python3
"""Builds the book of docs/ in target/docs/book, with mdbook. Any warning is an error, and so is a link to nowhere.

Pages link to files outside of docs/ (worlds, examples, ARCHITECTURE.md), so that they can be read in
the repository. The book has these files at the same places: its sources are a copy of the repository's
documents and of all that they link to, with the summary at the top.
"""

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "target/docs"
SOURCES = OUT / "src"
LINK = re.compile(r"\]\(([^)#\s]+)")


def documents():
    """The pages of the book, and what is beside them in docs/."""
    yield from ROOT.glob("*.md")
    for path in (ROOT / "docs").rglob("*"):
        if path.is_file() and path.name not in ("SUMMARY.md", "book.toml"):
            yield path


def linked(page):
    """The files that a page links to. A folder is shown by the server of a repository, and not by a book."""
    for link in LINK.findall(page.read_text()):
        path = (page.parent / link).resolve()
        if ":" not in link and path.is_file() and path.is_relative_to(ROOT):
            yield path


def copy_sources():
    shutil.rmtree(OUT, ignore_errors=True)
    paths = set(documents())
    for page in [path for path in paths if path.suffix == ".md"]:
        paths.update(linked(page))
    for path in paths:
        copy = SOURCES / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    shutil.copy(ROOT / "docs/book.toml", OUT)


def write_summary():
    """Links of the summary are relative to docs/; those of the book's summary to its sources."""

    def from_sources(match):
        path = (ROOT / "docs" / match[1]).resolve().relative_to(ROOT)
        return f"]({path.as_posix()}"

    summary = (ROOT / "docs/SUMMARY.md").read_text()
    (SOURCES / "SUMMARY.md").write_text(LINK.sub(from_sources, summary))


class Links(HTMLParser):
    """The links and the anchors of a page of the book."""

    def __init__(self, page):
        super().__init__()
        self.links, self.anchors = [], {""}
        self.feed(page.read_text())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors.add(attributes.get("id"))
        self.links += [attributes[name] for name in ("href", "src") if attributes.get(name)]


def dead_links():
    """The links of the book that lead to no file or to no anchor."""
    pages = {page.resolve(): Links(page) for page in (OUT / "book").rglob("*.html")}
    for page, found in pages.items():
        # These have the links of other pages, seen from elsewhere.
        if page.name in ("print.html", "404.html", "toc.html"):
            continue
        for link in found.links:
            path, _, anchor = link.partition("#")
            file = (page.parent / path).resolve() if path else page
            is_dead = not file.is_file() or (file in pages and anchor not in pages[file].anchors)
            if is_dead and not re.match("[a-z]+:", link):
                yield f"{page.relative_to(OUT / 'book')}: {link}"


def main():
    copy_sources()
    write_summary()
    built = subprocess.run(["mdbook", "build", OUT], capture_output=True, text=True)
    log = built.stdout + built.stderr
    if built.returncode != 0 or re.search(r"\b(WARN|ERROR)\b", log):
        sys.exit(log)
    if dead := list(dead_links()):
        sys.exit("links to nowhere:\n" + "\n".join(dead))
    print((OUT / "book/index.html").relative_to(ROOT))


if __name__ == "__main__":
    main()
