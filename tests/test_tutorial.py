"""The tutorial: its files are saved, its commands are typed, and what they print is what it shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from tests.backends import Jaeger, spans_in
from tests.console import Terminal, comparable
from tests.doc_blocks import ROOT, Block, blocks_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

TUTORIAL: Final = ROOT / "docs" / "tutorial.md"
TRACED: Final = "## See it in Jaeger"


def walk(terminal: Terminal, blocks: Iterable[Block]) -> dict[Block, str]:
    """Do what these blocks say; return what was typed and printed at each block of a terminal."""
    told = {}
    for block in blocks:
        if block.title:
            terminal.save(block)
        elif block.language == "console":
            told[block] = terminal.type(block)
    return told


def hold_to(told: dict[Block, str], *, write: bool) -> None:
    """Compare what was printed with what the tutorial shows; or write that anew where it differs."""
    shown = "\n".join(comparable(block.source) for block in told)
    printed = "\n".join(map(comparable, told.values()))
    if write and shown != printed:
        lines = TUTORIAL.read_text(encoding="utf-8").splitlines(keepends=True)
        for block, text in reversed(told.items()):
            lines[block.line - 1 : block.line - 1 + len(block.source.splitlines())] = [text]
        TUTORIAL.write_text("".join(lines), encoding="utf-8")

    assert write or shown == printed, "docs/tutorial.md shows something else; if that is right, run `make golden`"


@pytest.mark.golden
def test_first_half_prints_what_it_shows(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """All that needs no Jaeger."""
    half = TUTORIAL.read_text(encoding="utf-8").splitlines().index(TRACED)
    terminal = Terminal(tmp_path, environment={}, places={})
    told = walk(terminal, [block for block in blocks_of(TUTORIAL) if block.line < half])

    assert told
    hold_to(told, write=request.config.getoption("--golden"))


@pytest.mark.golden
def test_tutorial_prints_what_it_shows(tmp_path: Path, jaeger: Jaeger, request: pytest.FixtureRequest) -> None:
    """From the first command to the runs that come back out of Jaeger, and the trace that is seen there."""
    places = {jaeger.http_endpoint: "http://localhost:4318", jaeger.url: "http://localhost:16686"}
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": jaeger.http_endpoint}
    told = walk(Terminal(tmp_path, environment=environment, places=places), blocks_of(TUTORIAL))

    hold_to(told, write=request.config.getoption("--golden"))
    [tree] = blocks_of(TUTORIAL, "text")
    [link] = {trace_id for text in told.values() for trace_id in re.findall(r"16686/trace/([0-9a-f]{32})", text)}
    in_jaeger = spans_in(jaeger.client.wait_for(link, spans=len(tree.source.splitlines())))
    shown = {re.sub(r"^\W+", "", line.removesuffix("ERROR")).strip(): "ERROR" in line for line in tree.source.splitlines()}

    assert shown == {span["name"]: span.get("status", {}).get("code") == 2 for span in in_jaeger}
