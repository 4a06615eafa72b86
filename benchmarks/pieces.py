"""What one recorded decision is made of, each piece on its own: the floor that the whole stands on."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from opentelemetry import trace

from benchmarks.bare import provider
from benchmarks.figures import Figure
from benchmarks.workload import Step, steps
from runspan.health import Health
from runspan.journal import decision_line
from runspan.record import Encoder, Stamp, encode_decision, encode_outcome
from runspan.redaction import Redactor
from runspan.runtime._clock import SYSTEM_CLOCK, RunClock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["figure"]


def figure(*, quick: bool = False) -> Figure:
    """Each piece, in the order in which a decision meets it."""
    made = steps(50 if quick else 400)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, call in [*_encoding(), *_spans(), *_writing(Path(folder))]:
            rows.append([name, f"{_best(call, made, rounds=3 if quick else 15):.1f}"])
    note = (
        "Pieces of one decision with its outcome, each alone in a loop over different steps, in microseconds: the best "
        "of several rounds. They overlap, and calls between them cost as well, so they do not add up to the whole."
    )
    return Figure("Where the time goes", ["piece", "µs"], rows, note)


def _best(call: Callable[[Step], object], made: Sequence[Step], *, rounds: int) -> float:
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        for step in made:
            call(step)
        took.append((time.perf_counter() - began) / len(made) * 1e6)
    return statistics.quantiles(took, n=10)[0]


def _arguments(step: Step) -> tuple[Any, ...]:
    return step.intent, step.options, step.chosen, step.reasoning, step.node_id, "custom", None, step.context


def _encoding() -> list[tuple[str, Callable[[Step], object]]]:
    redactor, clock = Redactor(), RunClock(SYSTEM_CLOCK)
    bare, masked = Encoder(health=Health()), Encoder(health=Health(), redactor=redactor)
    made = Stamp("2026-01-01T00:00:00Z", 0)
    return [
        ("JSON alone, no checks: orjson", lambda step: orjson.dumps([step.options, step.context, step.result])),
        ("the clock, twice", lambda _: (clock.now(), clock.now())),
        ("arguments checked, bounded, made JSON", lambda step: (encode_decision(*_arguments(step)), _outcome(step))),
        (
            "the same and their lines",
            lambda step: (bare.decision(made, "dec_0", 0, *_arguments(step)), bare.outcome(made, *_of(step))),
        ),
        (
            "the same and the search for secrets",
            lambda step: (masked.decision(made, "dec_0", 0, *_arguments(step)), masked.outcome(made, *_of(step))),
        ),
    ]


def _of(step: Step) -> tuple[Any, ...]:
    return True, step.result, None, step.summary, None, step.tokens_used, step.latency_ms


def _outcome(step: Step) -> object:
    return encode_outcome(*_of(step))


def _spans() -> list[tuple[str, Callable[[Step], object]]]:
    tracer = provider().get_tracer("pieces")
    parent = trace.set_span_in_context(tracer.start_span("root"))
    few, many = {f"name {n}": "x" * 50 for n in range(8)}, {f"name {n}": "x" * 50 for n in range(13)}
    event = {f"name {n}": "x" * 50 for n in range(5)}

    def span(attributes: dict[str, Any]) -> Callable[[Step], object]:
        def record(_: Step) -> None:
            made = tracer.start_span("decide", context=parent, attributes=attributes)
            made.add_event("outcome", event)
            made.end()

        return record

    return [
        ("a span of 8 attributes with one event, by the SDK", span(few)),
        ("a span of 13 attributes with one event, by the SDK", span(many)),
    ]


def _writing(folder: Path) -> list[tuple[str, Callable[[Step], object]]]:
    descriptor = os.open(folder / "journal", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    line, short = decision_line(b'{"x":"%s"}' % (b"x" * 1_500), 0), b"x" * 400
    return [("two appends of a journal's lines", lambda _: (os.write(descriptor, line), os.write(descriptor, short)))]


if __name__ == "__main__":
    figure().show()
