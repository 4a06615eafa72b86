"""The fenced blocks of the documents: which there are, and what a reader does with them. Knows nothing of runspan.

A block of `python` is code that runs; with a title (` ```python title="agent.py" `) it is a file that the reader saves.
A block of `console` is what a reader sees in a terminal: lines that begin with `$ ` are typed, the others are printed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["DOCUMENTS", "ROOT", "TYPED", "Block", "blocks_of", "name_of", "typed"]

ROOT: Final = Path(__file__).parents[1]

DOCUMENTS: Final = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md"), *ROOT.glob("collector-config/*.md")]
)
"""Every document of the repository."""

_BLOCK: Final = re.compile(
    r"^(?P<fence>`{3,})(?P<language>\w*) *(?P<more>.*)\n(?P<source>(?:.*\n)*?)(?P=fence) *$", re.MULTILINE
)
_TITLE: Final = re.compile(r'title="([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block."""

    page: Path
    """The document it stands in."""
    line: int
    """Number of its first line there, from 1; the fence stands above it."""
    language: str
    """What the fence says it is; empty where it says nothing."""
    title: str
    """Name of the file it is saved as; empty for none."""
    source: str
    """Its lines."""


def name_of(page: Path) -> str:
    """Return a document's path in the repository."""
    return page.relative_to(ROOT).as_posix()


def blocks_of(page: Path, *languages: str) -> list[Block]:
    """Return the blocks of a document, in its order.

    Args:
        page: The document.
        languages: Those to return; all if none is given.
    """
    return [block for block in _blocks(page) if not languages or block.language in languages]


def _blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(text):
        title = _TITLE.search(found["more"])
        yield Block(
            page=page,
            line=text.count("\n", 0, found.start("source")) + 1,
            language=found["language"],
            title=title[1] if title else "",
            source=found["source"],
        )


def typed(block: Block) -> list[tuple[str, str]]:
    """Return what is typed in a block of `console`, each with what is printed then."""
    parts: list[tuple[str, str]] = []
    for line in block.source.splitlines(keepends=True):
        if line.startswith("$ "):
            parts.append((line[2:].rstrip("\n"), ""))
        else:
            assert parts, f"{name_of(block.page)}:{block.line}: nothing was typed before {line!r}"
            command, printed = parts[-1]
            parts[-1] = (command, printed + line)
    return parts


TYPED: Final = [page for page in DOCUMENTS if any(block.title for block in blocks_of(page))]
"""Documents with files to save: their commands are typed in the tests, and what is printed is what they show."""
