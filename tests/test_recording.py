"""The recording of the documents: real commands, one file, nothing that runs or is loaded."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET  # what is parsed was drawn here
from typing import TYPE_CHECKING

import pytest

from tests.recording import FILE, picture, record

if TYPE_CHECKING:
    from tests.recording import Frame


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> list[Frame]:
    """One recording."""
    return record(tmp_path_factory.mktemp("recording"))


def test_recording_tells_the_story(frames: list[Frame]) -> None:
    """Runs that were, runs as they go on, one of those when it has ended, and what all have in common."""
    texts = ["\n".join(line.plain for line in frame.lines) for frame in frames]
    outputs = [text for text in texts if "\n" in text]
    doing = [found[1] for text in outputs if (found := re.search(r" refund +\d+ .* \d  (.*)", text))]

    assert "run_20261210_123720_000004af" in outputs[0]
    assert ["Choose a remedy", "Find the payment"] == list(dict.fromkeys(doing))[1:3]
    assert any("▶ ledger" in text and f"/trace/{1:032x}" in text for text in outputs)
    assert "Node payments succeeds in 52%" in outputs[-2]


def test_recording_has_the_colours_of_the_terminal(frames: list[Frame]) -> None:
    """Failures are red there as well, and what matters less is faint."""
    styles = {str(span.style) for frame in frames for line in frame.lines for span in line.spans}

    assert {"red", "green", "#8d8d8d", "bold"} <= styles


def test_picture_is_one_file_that_runs_nothing(frames: list[Frame]) -> None:
    """An image that moves by style alone, unless its reader wants no motion; the one in the documents is like that."""
    for text in (picture(frames), FILE.read_text(encoding="utf-8")):
        root = ET.fromstring(text)  # noqa: S314 - it was drawn here
        elements = {element.tag.rpartition("}")[2] for element in root.iter()}

        assert {"svg", "title", "style", "g", "rect", "circle", "text"} == elements
        assert "@keyframes" in text
        assert "prefers-reduced-motion" in text
        assert not re.search(r"url\(|href|@import|@font-face", text)
        assert len(text) < 300_000
