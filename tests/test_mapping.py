"""The mapping: what goes out to spans comes back as the same bytes, and what is missing is named."""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runspan import semconv
from runspan.errors import UnsupportedFormatError
from runspan.mapping import EventRecord, SpanRecord, decode_run, encode_run
from runspan.native import derive_run
from runspan.values import dumps, loads
from tests.invented import native_runs, sample

if TYPE_CHECKING:
    from collections.abc import Callable

FIXTURES = sorted(Path(__file__).parent.glob("native-fixtures/*/runs/*.json"))


def encoded(run: dict[str, Any], **options: Any) -> list[SpanRecord]:
    """Encode a run with ids counted from 1."""
    ids = itertools.count(1)
    return encode_run(run, trace_id=1, next_span_id=lambda: next(ids), **options)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.parents[1].name + path.stem[-9:])
def test_fixtures_of_the_original_come_back_byte_for_byte(path: Path) -> None:
    """Naive timestamps, unicode, -0.0 and large numbers included."""
    data = path.read_bytes()
    decoded = decode_run(encoded(loads(data)))  # type: ignore[arg-type]

    assert decoded.missing == ()
    assert decoded.data == data


@pytest.mark.parametrize("size", [(0, 0), (1, 0), (0, 1), (3, 2), (300, 300)])
def test_runs_of_any_size_come_back(size: tuple[int, int]) -> None:
    """Nothing depends on how many decisions and problems there are."""
    run = sample(*size)

    assert decode_run(encoded(run)).data == dumps(run, indent=True)


@given(seed=st.integers(0, 2**32), repeats=st.integers(0, 30))
def test_order_and_repetition_of_spans_do_not_matter(seed: int, repeats: int) -> None:
    """Spans shuffled and repeated give the same Run."""
    spans = encoded(sample())
    chaos = random.Random(seed)  # noqa: S311 - no secret
    spans += [chaos.choice(spans) for _ in range(repeats)]
    chaos.shuffle(spans)

    assert decode_run(spans).data == dumps(sample(), indent=True)


@given(run=native_runs())
def test_any_values_in_any_field_come_back(run: dict[str, Any]) -> None:
    """Texts, numbers of any size and JSON of any shape, extra fields and wrong types included."""
    decoded = decode_run(encoded(run))
    assert decoded.missing == ()
    assert decoded.data == dumps(run, indent=True)


def test_hand_edited_file_comes_back_in_its_own_order() -> None:
    """Fields in another order, left out or of other types: the amendments put all of it right."""
    run = dict(reversed(sample().items()))
    del run["goal_description"]
    run["decisions"][0] = dict(reversed(run["decisions"][0].items()))
    del run["decisions"][1]["outcome"]["error"]
    run["decisions"][2]["outcome"]["success"] = "yes"
    run["problems"].append("no problem")
    derive_run(run)

    decoded = decode_run(encoded(run))
    assert decoded.missing == ()
    assert decoded.data == dumps(run, indent=True)


def drop(name: str) -> Callable[[list[SpanRecord]], list[SpanRecord]]:
    """Return a damage that drops the first span whose name begins so."""

    def damage(spans: list[SpanRecord]) -> list[SpanRecord]:
        victim = next(span for span in spans if span.name.startswith(name))
        return [span for span in spans if span is not victim]

    return damage


def without_events(spans: list[SpanRecord]) -> list[SpanRecord]:
    """Evict all events."""
    return [replace(span, events=()) for span in spans]


def without_first_attribute(spans: list[SpanRecord]) -> list[SpanRecord]:
    """Evict each decision's intent."""
    return [
        replace(
            span, attributes={key: value for key, value in span.attributes.items() if key != semconv.DECISION_INTENT}
        )
        for span in spans
    ]


def cut_values(spans: list[SpanRecord]) -> list[SpanRecord]:
    """Cut strings as OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT does."""
    return [
        replace(
            span,
            attributes={
                key: value[:8] if isinstance(value, str) and key == semconv.DECISION_OPTIONS else value
                for key, value in span.attributes.items()
            },
        )
        for span in spans
    ]


def doubled(spans: list[SpanRecord]) -> list[SpanRecord]:
    """Send a decision twice, under another span id with other contents."""
    twin = replace(spans[1], span_id=999, attributes={**spans[1].attributes, semconv.DECISION_REASONING: "other"})
    return [*spans, twin]


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        pytest.param(drop("run"), "the run span", id="root"),
        pytest.param(drop("decide"), "1 of 3 decisions", id="decision"),
        pytest.param(without_events, "the outcome of dec_0", id="events"),
        pytest.param(without_first_attribute, "checksum", id="attribute"),
        pytest.param(cut_values, semconv.DECISION_OPTIONS, id="cut"),
        pytest.param(doubled, "claim place 0", id="doubled"),
    ],
)
def test_damage_is_named_and_never_passed_off_as_whole(
    damage: Callable[[list[SpanRecord]], list[SpanRecord]], named: str
) -> None:
    """An incomplete Run says in its field `incomplete` what it lacks."""
    decoded = decode_run(damage(encoded(sample())))

    assert not decoded.is_whole
    assert any(named in phrase for phrase in decoded.missing)
    assert json.loads(decoded.data)["incomplete"] == list(decoded.missing)


DERIVED = {
    semconv.DECISION_CHOSEN_DESCRIPTION,
    semconv.DECISION_OUTCOME,
    semconv.ERROR_TYPE,
    semconv.GEN_AI_OPERATION_NAME,
    semconv.RUN_WORST_SEVERITY,
}
"""Attributes for people and other tools, which no Run is rebuilt from."""


def test_one_changed_byte_is_noticed() -> None:
    """Every text that the Run is rebuilt from is covered by the checksum; no other changes a byte of the file."""
    spans = encoded(sample())
    for place, span in enumerate(spans):
        for key, value in span.attributes.items():
            if not isinstance(value, str) or key == semconv.RUN_ID:
                continue
            other = value[:-1] + ("x" if value[-1] != "x" else "y")
            changed = replace(span, attributes={**span.attributes, key: other})
            decoded = decode_run([*spans[:place], changed, *spans[place + 1 :]])
            assert decoded.is_whole == (key in DERIVED), key


def test_foreign_spans_attributes_and_events_change_nothing() -> None:
    """What other libraries put into the trace, or onto our spans, is passed over."""
    spans = [
        replace(
            span,
            attributes={**span.attributes, "@jaeger@warnings": ["x"], "tenant": "blue"},
            events=(*span.events, EventRecord(name="log", time_unix_nano=1, attributes={"message": "m"})),
        )
        for span in encoded(sample())
    ]
    spans.append(SpanRecord(trace_id=1, span_id=77, name="GET /", start_unix_nano=1, end_unix_nano=2))

    assert decode_run(spans).data == dumps(sample(), indent=True)


def test_newer_format_is_refused() -> None:
    """Spans of a newer version are not guessed at."""
    spans = [replace(span, attributes={**span.attributes, semconv.FORMAT: 99}) for span in encoded(sample())]
    with pytest.raises(UnsupportedFormatError, match="Upgrade"):
        decode_run(spans)


def test_spans_without_a_run_are_refused() -> None:
    """There is nothing to decode."""
    with pytest.raises(ValueError, match="no span of a run"):
        decode_run([SpanRecord(trace_id=1, span_id=1, name="x", start_unix_nano=1, end_unix_nano=1)])


def test_large_values_are_cut_and_named() -> None:
    """No string on a span exceeds the bound; the Run comes back incomplete, naming what was cut."""
    run = sample()
    run["decisions"][1]["outcome"]["result"] = {"page": "x" * 100_000, "title": "kept"}
    run["decisions"][2]["reasoning"] = "ü" * 40_000
    spans = encoded(run)
    strings = [
        value
        for span in spans
        for attributes in (span.attributes, *(event.attributes for event in span.events))
        for value in attributes.values()
        if isinstance(value, str)
    ]

    decoded = decode_run(spans)
    assert max(len(value.encode()) for value in strings) <= 32_768
    assert any("runspan.outcome.result of dec_1" in phrase for phrase in decoded.missing)
    assert any("runspan.decision.reasoning of dec_2" in phrase for phrase in decoded.missing)
    assert decoded.native["decisions"][1]["outcome"]["result"]["title"] == "kept"


def test_all_strings_of_a_span_together_are_bounded() -> None:
    """A run span with many large problems stays within 256 KiB; others take the rest."""
    run = sample(0, 100)
    for item in run["problems"]:
        item["decision_id"], item["description"] = None, "y" * 30_000
    spans = encoded(run)

    for span in spans:
        total = sum(
            len(value)
            for attributes in (span.attributes, *(event.attributes for event in span.events))
            for value in attributes.values()
            if isinstance(value, str)
        )
        assert total <= 256 * 1024 + 32_768
    assert len(decode_run(spans).native["problems"]) == 100
