"""Pages to follow in a terminal: their files are saved, their commands typed, and what is printed is what they show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from tests.backends import Jaeger, spans_in
from tests.console import Terminal, comparable
from tests.doc_blocks import ROOT, TYPED, Block, blocks_of, name_of

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


def hold_to(page: Path, told: dict[Block, str], *, write: bool) -> None:
    """Compare what was printed with what a page shows; or write that anew where it differs."""
    shown = "\n".join(comparable(block.source) for block in told)
    printed = "\n".join(map(comparable, told.values()))
    if write and shown != printed:
        lines = page.read_text(encoding="utf-8").splitlines(keepends=True)
        for block, text in reversed(told.items()):
            lines[block.line - 1 : block.line - 1 + len(block.source.splitlines())] = [text]
        page.write_text("".join(lines), encoding="utf-8")

    assert write or shown == printed, f"{name_of(page)} shows something else; if that is right, run `make golden`"


def with_jaeger(folder: Path, jaeger: Jaeger) -> Terminal:
    """Return a terminal on a machine where Jaeger listens at its usual places."""
    places = {jaeger.http_endpoint: "http://localhost:4318", jaeger.url: "http://localhost:16686"}
    return Terminal(folder, environment={"OTEL_EXPORTER_OTLP_ENDPOINT": jaeger.http_endpoint}, places=places)


@pytest.mark.golden
def test_first_half_of_the_tutorial_prints_what_it_shows(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """All that needs no Jaeger."""
    half = TUTORIAL.read_text(encoding="utf-8").splitlines().index(TRACED)
    terminal = Terminal(tmp_path, environment={}, places={})
    told = walk(terminal, [block for block in blocks_of(TUTORIAL) if block.line < half])

    assert told
    hold_to(TUTORIAL, told, write=request.config.getoption("--golden"))


@pytest.mark.golden
@pytest.mark.parametrize("page", TYPED, ids=name_of)
def test_page_prints_what_it_shows(page: Path, tmp_path: Path, jaeger: Jaeger, request: pytest.FixtureRequest) -> None:
    """From its first command to its last; where it links to a trace, its tree is what is seen there."""
    told = walk(with_jaeger(tmp_path, jaeger), blocks_of(page))

    hold_to(page, told, write=request.config.getoption("--golden"))
    links = {trace_id for text in told.values() for trace_id in re.findall(r"16686/trace/([0-9a-f]{32})", text)}
    for link, tree in zip(links, blocks_of(page, "text"), strict=True):
        lines = tree.source.splitlines()
        in_jaeger = spans_in(jaeger.client.wait_for(link, spans=len(lines)))
        shown = {re.sub(r"^\W+", "", line.removesuffix("ERROR")).strip(): "ERROR" in line for line in lines}

        assert shown == {span["name"]: span.get("status", {}).get("code") == 2 for span in in_jaeger}
