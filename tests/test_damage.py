"""Damage on the way: whatever happens to a trace, no file that is wrong claims to be whole."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

import runspan
from runspan.exporter import span_record
from runspan.interchange import Account, import_runs, read_otlp_json, replayed_spans, runs_from_files, runs_from_spans
from runspan.storage import FileStorage
from runspan.testing import SequentialIds, SpanList, StepClock
from runspan.values import dumps, loads
from tests.traces import document, json_lines, native_run, spans_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runspan.mapping import SpanRecord

FIXTURES: Final = sorted(Path(__file__).parent.glob("native-fixtures/*/runs/*.json"))
OPTIONS: Final = [{"id": "pay", "description": "Pay it back", "pros": ["quick"]}, {"id": "wait", "description": "Wait"}]


def recorded(folder: Path, limits: SpanLimits | None = None) -> tuple[dict[str, bytes], list[SpanRecord]]:
    """Runs as an agent records them: their files, and their spans under these limits."""
    ids, kept = SequentialIds(), SpanList()
    provider = TracerProvider(id_generator=ids, span_limits=limits, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    runtime = runspan.Runtime(folder, tracer_provider=provider, clock=StepClock(), run_digits=ids.run_digits)
    for number in range(4):
        with runtime.run("refund", f"Order {number}", {"order": number, "note": "n" * 60}) as run:
            for step in range(number + 1):
                made = run.decide(f"Step {step}", OPTIONS, "pay", "It is below the limit", context={"step": step})
                for each in range(step):
                    run.report_problem("warning", f"Problem {each} of {step}", made)
                run.record_outcome(
                    made, step % 2 == 0, {"paid": step}, "no" if step % 2 else None, "done", {"a": 1}, 7, 9
                )
    files = {path.stem: path.read_bytes() for path in (folder / "runs").glob("*.json")}
    return files, [span_record(span) for span in kept.spans]


LIMITS: Final[dict[str, dict[str, int]]] = {
    **{f"{count} attributes": {"max_span_attributes": count} for count in (1, 2, 3, 5, 8, 10, 12, 14, 128)},
    **{f"{count} event attributes": {"max_event_attributes": count} for count in (0, 1, 2, 4, 6)},
    **{f"{count} events": {"max_events": count} for count in (0, 1, 2, 3)},
    **{f"{size} characters": {"max_span_attribute_length": size} for size in (0, 1, 3, 20, 50, 71, 100, 400)},
    **{f"{size} characters of any attribute": {"max_attribute_length": size} for size in (1, 12, 64, 200)},
    "no links": {"max_links": 0},
}


def damaged_by_limits(limits: dict[str, int]) -> Callable[[Path], tuple[dict[str, bytes], list[SpanRecord]]]:
    """Spans under a limit of the SDK."""
    return lambda folder: recorded(folder, SpanLimits(**limits))


def damaged(change: Callable[[list[SpanRecord], random.Random], list[SpanRecord]], seed: int = 0) -> Any:
    """Spans that something happens to."""

    def damage(folder: Path) -> tuple[dict[str, bytes], list[SpanRecord]]:
        files, spans = recorded(folder)
        return files, change(spans, random.Random(seed))  # noqa: S311 - no secret

    return damage


def dropped(spans: list[SpanRecord], chance: random.Random) -> list[SpanRecord]:
    """Every tenth span is lost."""
    return [span for span in spans if chance.random() > 0.1]


def without_roots(spans: list[SpanRecord], _: random.Random) -> list[SpanRecord]:
    """No run span arrives."""
    return [span for span in spans if span.parent_span_id is not None]


def without_first_events(spans: list[SpanRecord], _: random.Random) -> list[SpanRecord]:
    """The oldest event of each span is evicted."""
    return [replace(span, events=span.events[1:]) for span in spans]


def without_last_events(spans: list[SpanRecord], _: random.Random) -> list[SpanRecord]:
    """The newest event of each span is lost."""
    return [replace(span, events=span.events[:-1]) for span in spans]


def told_twice(spans: list[SpanRecord], chance: random.Random) -> list[SpanRecord]:
    """Some decision arrives twice under its id, with other contents."""
    twins = [
        replace(span, attributes={**span.attributes, "runspan.decision.reasoning": "Another one"})
        for span in spans
        if span.name.startswith("decide")
    ]
    mixed = [*twins, *spans]
    chance.shuffle(mixed)
    return mixed


def under_two_ids(spans: list[SpanRecord], _: random.Random) -> list[SpanRecord]:
    """A forked process ends a decision's span as well, under another id."""
    twins = [replace(span, span_id=span.span_id + 10_000) for span in spans if span.name.startswith("decide")]
    return [*twins, *spans]


def clock_skew(spans: list[SpanRecord], chance: random.Random) -> list[SpanRecord]:
    """Somebody moves the times of spans: another machine's clock is a minute off."""
    skew = {span.span_id: chance.choice([0, 60, -60]) * 10**9 for span in spans}
    return [
        replace(
            span,
            start_unix_nano=span.start_unix_nano + skew[span.span_id],
            end_unix_nano=span.end_unix_nano + skew[span.span_id],
            events=[replace(event, time_unix_nano=event.time_unix_nano + skew[span.span_id]) for event in span.events],
        )
        for span in spans
    ]


def nanoseconds_lost(spans: list[SpanRecord], _: random.Random) -> list[SpanRecord]:
    """A backend that keeps microseconds loses nothing that the Run has."""
    return [replace(span, start_unix_nano=span.start_unix_nano // 1000 * 1000) for span in spans]


def one_for_another(spans: list[SpanRecord], _: random.Random) -> list[SpanRecord]:
    """Decisions of one run claim to be another's."""
    ids = sorted({span.attributes["runspan.run.id"] for span in spans})
    other = dict(zip(ids, ids[1:] + ids[:1], strict=True))
    return [
        replace(span, attributes={**span.attributes, "runspan.run.id": other[span.attributes["runspan.run.id"]]})
        if span.name.startswith("decide")
        else span
        for span in spans
    ]


MATRIX: Final[dict[str, Any]] = {
    **{name: damaged_by_limits(limits) for name, limits in LIMITS.items()},
    **{f"a tenth dropped, {seed}": damaged(dropped, seed) for seed in range(12)},
    **{f"told twice, {seed}": damaged(told_twice, seed) for seed in range(4)},
    "no run spans": damaged(without_roots),
    "oldest events evicted": damaged(without_first_events),
    "newest events lost": damaged(without_last_events),
    "under two ids": damaged(under_two_ids),
    "clock skew": damaged(clock_skew),
    "nanoseconds lost": damaged(nanoseconds_lost),
    "one for another": damaged(one_for_another),
}

HARMLESS: Final = {"no links", "nanoseconds lost", "128 attributes"}
"""Damage after which every run is whole."""

FATAL: Final = {"no run spans", "newest events lost", "under two ids", "clock skew", "one for another", "0 events"}
"""Damage after which no run with a decision is."""


@pytest.mark.parametrize("damage", MATRIX)
def test_no_wrong_file_claims_to_be_whole(damage: str, tmp_path: Path) -> None:
    """A file is the Runtime's own, byte for byte, or says what it lacks; and the account says the same."""
    files, spans = MATRIX[damage](tmp_path / "own")
    (tmp_path / "traces").write_bytes(json_lines(spans, 5))
    report = import_runs(runs_from_files([tmp_path / "traces"], account=Account()), FileStorage(tmp_path / "imported"))
    there = {path.stem: path.read_bytes() for path in (tmp_path / "imported" / "runs").glob("*.json")}
    wrong = {run_id for run_id, data in there.items() if data != files.get(run_id)}

    assert all(json.loads(there[run_id])["incomplete"] for run_id in wrong)
    assert wrong == set(report.incomplete)
    assert report.failed == {}
    if damage in HARMLESS:
        assert (there, wrong) == (files, set())
    if damage in FATAL:
        assert wrong == set(there)


@pytest.mark.parametrize("damage", ["a tenth dropped, 1", "no run spans", "oldest events evicted", "under two ids"])
def test_what_is_missing_is_named(damage: str, tmp_path: Path) -> None:
    """In the file and in the account."""
    _, spans = MATRIX[damage](tmp_path / "own")
    runs = [run for run in runs_from_spans(spans) if not run.is_whole]
    words = {
        "a tenth dropped, 1": " decisions|the run span",
        "no run spans": "the run span",
        "oldest events evicted": "the outcome of|problems",
        "under two ids": "claim place",
    }

    assert runs
    for run in runs:
        assert any(word in " ".join(run.missing) for word in words[damage].split("|")), run.missing


# One changed byte.

INERT: Final = {
    "name", "kind", "parentSpanId", "endTimeUnixNano", "code", "message", "version", "service.name",
    "gen_ai.operation.name", "error.type", "runspan.decision.chosen_description", "runspan.decision.outcome",
    "runspan.run.worst_severity", "runspan.run.decision_count", "runspan.run.failed_decision_count",
    "runspan.run.problem_count", "runspan.run.total_tokens", "flags", "spanId",
    "traceId",
}  # fmt: skip
"""Fields and attributes for people and other tools, which no Run is rebuilt from."""

TIMES: Final = {"startTimeUnixNano", "endTimeUnixNano", "timeUnixNano"}
"""Where a stored time is not in our own form its exact text travels, and these are for other tools."""


def leaves(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[Any, Any, str]]:
    """Every text, number and truth value of a document: where it stands, and the attribute or field it belongs to."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        name = str(node["key"]) if isinstance(node, dict) and "key" in node and key == "value" else str(key)
        if isinstance(value, dict | list):
            yield from leaves(value, (*path, name) if isinstance(node, dict) else path)
        else:
            yield node, key, path[-1] if str(key).endswith("Value") else name


def flipped(value: Any) -> Any:
    """The value with one byte, digit or bit changed."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if value.isdigit() and len(value) == 19:
        return str(int(value) + 1_000)  # a Run's times have microseconds
    if value.isdigit() or len(value) in {16, 32}:
        return value[:-1] + ("1" if value[-1] != "1" else "2")
    return value[:-1] + ("x" if value[-1:] != "x" else "y")


OWN: Final = dumps(native_run(1, completed_at="2026-11-23T12:00:03.500000Z"), indent=True)


@pytest.mark.parametrize(
    "data", [OWN, *(path.read_bytes() for path in FIXTURES)], ids=["own", *(path.stem for path in FIXTURES)]
)
def test_one_changed_byte_is_noticed(data: bytes) -> None:
    """In anything the Run is rebuilt from; any other changes no byte of the file."""
    run = loads(data)
    assert isinstance(run, dict)
    original = document(replayed_spans(run))
    passed: dict[bool, set[str]] = {True: set(), False: set()}
    for place in range(sum(1 for _ in leaves(original))):
        changed = deepcopy(original)
        holder, key, name = next(leaf for number, leaf in enumerate(leaves(changed)) if number == place)
        if key == "key":
            continue
        holder[key] = flipped(holder[key])
        found = list(runs_from_spans(read_otlp_json(changed, on_bad=lambda _: None)))
        whole = [each.data for each in found if each.is_whole]
        passed[bool(whole)].add(name)

        assert whole in ([], [data]), name
        assert all(json.loads(each.data)["incomplete"] for each in found if not each.is_whole), name

    assert set() == passed[True] - INERT - TIMES
    assert (TIMES if data == OWN else set()) == passed[False] & TIMES
    assert set() == passed[False] & {name for name in INERT if name.startswith(("runspan", "gen_ai", "error"))}


def test_a_lost_attribute_name_is_noticed() -> None:
    """Any attribute or event that goes missing altogether, or is called otherwise."""
    run = native_run(1)
    data = dumps(run, indent=True)
    spans = spans_of([run])
    for place, span in enumerate(spans):
        for name in span.attributes:
            rest = {("x" + key if key == name else key): value for key, value in span.attributes.items()}
            found = list(runs_from_spans([*spans[:place], replace(span, attributes=rest), *spans[place + 1 :]]))
            assert [data] == [each.data for each in found if each.is_whole] or not any(each.is_whole for each in found)
            is_inert = name in INERT or name == "runspan.format"
            assert is_inert == any(each.is_whole for each in found), name
