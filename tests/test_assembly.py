"""The assembler's bounds and its door for other recognisers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from runspan import semconv
from runspan.assembly import OWN_SPANS, Assembler, Written, write_decoded
from runspan.mapping import DecodedRun, SpanRecord, decode_run
from runspan.storage import FileStorage
from runspan.testing import CapturedRuns

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from runspan.errors import UnsupportedFormatError


@pytest.fixture
def spans() -> list[SpanRecord]:
    """Three runs of two decisions each."""
    captured = CapturedRuns()
    for number in range(3):
        with captured.runtime.run(f"goal-{number}") as run:
            for _ in range(2):
                run.record_outcome(run.quick_decision("i", "a", "r"), True)
    return captured.spans


def test_runs_that_wait_are_bounded(spans: list[SpanRecord]) -> None:
    """Past the bound the run that has waited longest is given up, incomplete."""
    assembler = Assembler(max_runs=2)
    decisions = [span for span in spans if span.name.startswith("decide")]
    given = list(assembler.add(decisions))

    assert [decisions[0].attributes[semconv.RUN_ID]] == [decoded.run_id for decoded in given]
    assert not given[0].is_whole
    assert 2 == len(list(assembler.flush()))


def test_bytes_that_wait_are_bounded(spans: list[SpanRecord]) -> None:
    """The text that waits counts, not only the runs."""
    assembler = Assembler(max_bytes=4_000)
    decisions = [span for span in spans if span.name.startswith("decide")]

    assert list(assembler.add(decisions))


def test_ended_run_is_given_incomplete_after_its_time(spans: list[SpanRecord]) -> None:
    """Ten seconds after its run span; what comes later still makes it whole."""
    now = [100.0]
    assembler = Assembler(now=lambda: now[0])
    run_id = spans[0].attributes[semconv.RUN_ID]
    own = [span for span in spans if span.attributes[semconv.RUN_ID] == run_id]
    assert [] == list(assembler.add(own[1:]))
    now[0] += 10.0
    [incomplete] = assembler.add([])
    assert [] == list(assembler.add([]))
    [whole] = assembler.add(own[:1])

    assert not incomplete.is_whole
    assert whole.is_whole


def test_repeated_spans_of_a_whole_run_do_not_wait(spans: list[SpanRecord]) -> None:
    """A run that was given out whole is known; its spans sent again make nothing of their own."""
    assembler = Assembler()
    assert 3 == len(list(assembler.add(spans)))

    assert [] == list(assembler.add(spans))
    assert [] == list(assembler.flush())


def test_newer_format_is_told_and_keeps_no_other_run(spans: list[SpanRecord]) -> None:
    """One run of a newer version is refused, the others are given."""
    refused: list[tuple[str, UnsupportedFormatError]] = []
    first = spans[0].attributes[semconv.RUN_ID]
    newer = [
        replace(span, attributes={**span.attributes, semconv.FORMAT: 99})
        if span.attributes[semconv.RUN_ID] == first
        else span
        for span in spans
    ]
    given = list(Assembler(on_refused=lambda run_id, exc: refused.append((run_id, exc))).add(newer))

    assert 2 == len(given)
    assert [first] == [run_id for run_id, _ in refused]


def test_another_recogniser_can_be_hung_beside() -> None:
    """Spans that are not ours become Runs by a recogniser of their own."""

    class Foreign:
        def key_of(self, span: SpanRecord) -> str | None:
            return "foreign" if span.name == "invoke_agent" else None

        def is_last(self, _span: SpanRecord) -> bool:
            return True

        def decode(self, spans: Iterable[SpanRecord]) -> DecodedRun:
            return DecodedRun(run_id="foreign", native={}, data=b"{}", missing=(), weight=len(list(spans)))

    span = SpanRecord(trace_id=1, span_id=1, name="invoke_agent", start_unix_nano=1, end_unix_nano=2)
    other = replace(span, span_id=2, name="GET /")
    assembler = Assembler(recognisers=(OWN_SPANS, Foreign()))

    assert ["foreign"] == [decoded.run_id for decoded in assembler.add([span, other])]
    assert 1 == assembler.foreign


def test_writing_never_makes_a_file_worse(spans: list[SpanRecord], tmp_path: Path) -> None:
    """New, improved, the same, kept: in that order for ever more complete runs."""
    storage = FileStorage(tmp_path)
    run_id = spans[0].attributes[semconv.RUN_ID]
    own = [span for span in spans if span.attributes[semconv.RUN_ID] == run_id]
    poor, better, whole = decode_run(own[:1]), decode_run(own[1:]), decode_run(own)

    steps = [write_decoded(storage, decoded) for decoded in (poor, better, poor, whole, whole, better)]
    assert [Written.NEW, Written.IMPROVED, Written.KEPT, Written.IMPROVED, Written.SAME, Written.KEPT] == steps
    assert whole.data == storage.read_run_bytes(str(run_id))
