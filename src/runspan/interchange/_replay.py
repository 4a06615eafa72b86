"""Stored runs sent as traces, with their own times. Knows the SDK's exporters, and no live run.

Trace and span ids follow from the run's id, and the resource is a `service.name` alone: sent again, a run makes spans
that are equal in everything, and a backend that has them shows nothing new.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from runspan import semconv
from runspan.errors import InterchangeError, StorageError
from runspan.interchange._sdk_spans import sdk_span
from runspan.interchange._suppressed import suppressed
from runspan.mapping import LinkRecord, encode_run, size_of
from runspan.values import loads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from runspan.mapping import SpanRecord
    from runspan.storage import FileStorage

__all__ = ["DEFAULT_SERVICE_NAME", "ReplayReport", "replay_runs", "replayed_spans", "stored_runs"]

DEFAULT_SERVICE_NAME: Final = "runspan"
"""`service.name` of replayed runs where none is given."""

_BATCH_SPANS: Final = 512
_BATCH_BYTES: Final = 2 * 1024 * 1024
"""Text in one request: gRPC receivers take 4 MiB as they come."""
_UNIT_SPANS: Final = 64
_MOST_NAMED: Final = 1_000
_GIVE_UP: Final = 3
_SPAN_BYTES: Final = 200  # what a span takes on the wire beside its texts
_TRACE_ID_DIGITS: Final = 32


@dataclass(slots=True, kw_only=True)
class ReplayReport:
    """What became of the runs of a replay."""

    sent: int = 0
    """Runs all of whose spans the receiver took."""
    spans: int = 0
    """Spans it took."""
    already_traced: int = 0
    """Runs that were left out because their file names the trace they are in already."""
    cut: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Runs with values too large for a span, which come back incomplete: id -> what was cut. The first thousand."""
    refused: dict[str, str] = field(default_factory=dict)
    """Runs of which the receiver did not take some span: id -> why. The first thousand."""
    refused_count: int = 0
    """How many there were of them."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """Runs whose file cannot be read or sent: id -> why. The first thousand."""
    unreadable_count: int = 0
    """How many there were of them."""
    not_tried: int = 0
    """Runs that were not sent after the receiver had stopped answering."""

    @property
    def is_whole(self) -> bool:
        """Whether everything that was to be sent was taken."""
        return not (self.refused_count or self.unreadable_count or self.not_tried)


def stored_runs(storage: FileStorage, run_ids: Iterable[str] | None = None) -> Iterator[tuple[str, Any]]:
    """Give stored runs, for `replay_runs`.

    Args:
        storage: Where they are.
        run_ids: Which ones; all if it is not given.

    Returns:
        Id and file of each as plain JSON data; in place of a file that cannot be read, the exception that says why.
    """
    for run_id in storage.list_all_runs() if run_ids is None else run_ids:
        try:
            data = storage.read_run_bytes(run_id)
            yield run_id, LookupError("there is no such run") if data is None else loads(data)
        except (StorageError, ValueError) as exc:
            yield run_id, exc


def replayed_spans(
    run: Mapping[str, Any], *, span_names: Literal["node", "choice"] = "node", max_value_bytes: int = 32_768
) -> list[SpanRecord]:
    """Return the spans that a stored run is replayed as: always the same ones.

    Args:
        run: The Run as its file has it.
        span_names: As for Runtime.
        max_value_bytes: As for Runtime.

    Raises:
        InterchangeError: It is no run, or cannot be told as spans.
    """
    run_id = run.get("id")
    if not isinstance(run_id, str) or not run_id:
        raise InterchangeError("it has no id")
    ids = _Ids(run_id)
    try:
        spans = encode_run(
            run,
            trace_id=ids.trace_id,
            next_span_id=ids.next_span_id,
            span_names=span_names,
            max_value_bytes=max_value_bytes,
        )
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as exc:
        raise InterchangeError(f"it cannot be told as spans: {type(exc).__name__}: {exc}") from exc
    traced = _trace_of(run)
    if traced is not None:
        # The file tells the trace and not the span in it; who follows the link looks for the trace.
        spans[0] = replace(spans[0], links=(LinkRecord(trace_id=traced, span_id=ids.trace_id >> 64),))
    return spans


class _Ids:
    """Ids that follow from a run's."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id.encode(errors="surrogatepass")
        self._count = 0
        self.trace_id = self._number(b"trace", 16)

    def _number(self, what: bytes, size: int) -> int:
        digest = hashlib.sha256(b"runspan replay " + what + b" " + self._run_id).digest()
        return int.from_bytes(digest[:size], "big") or 1

    def next_span_id(self) -> int:
        self._count += 1
        return self._number(b"span %d" % self._count, 8)


def _trace_of(run: Mapping[str, Any]) -> int | None:
    """Return the trace that a run is in already, by its file."""
    digits = run.get("trace_id")
    if not isinstance(digits, str) or len(digits) != _TRACE_ID_DIGITS:
        return None
    try:
        return int(digits, 16) or None
    except ValueError:
        return None


def replay_runs(
    runs: Iterable[tuple[str, Any]],
    exporter: SpanExporter,
    *,
    service_name: str = DEFAULT_SERVICE_NAME,
    skip_traced: bool = True,
    max_spans_per_s: float | None = None,
    span_names: Literal["node", "choice"] = "node",
    on_run: Callable[[ReplayReport], None] | None = None,
    now: Callable[[], float] = time.monotonic,
    wait: Callable[[float], object] | None = None,
) -> ReplayReport:
    """Send stored runs as traces.

    A request that is refused is tried again in parts, so that one run does not take others with it. When the receiver
    takes nothing any more, the rest is left.

    Args:
        runs: Id and file of each, as `stored_runs` gives them.
        exporter: Where to; an OTLP exporter of the SDK.
        service_name: `service.name` of the spans; their resource has nothing else.
        skip_traced: Leave out runs whose file names a trace: they are in a backend already. Those that are sent link to
            that trace.
        max_spans_per_s: Most spans a second, on average; None for as many as the receiver takes.
        span_names: As for Runtime.
        on_run: Told after each run how it stands.
        now: Seconds, never going back.
        wait: Waits some seconds.

    Returns:
        What became of them.
    """
    report = ReplayReport()
    pace = _Pace(max_spans_per_s, now, wait or threading.Event().wait)
    resource = Resource({SERVICE_NAME: service_name})
    with suppressed(), _reasons() as reasons:
        sender = _Sender(exporter, report, pace, reasons)
        for run_id, run in runs:
            if sender.has_given_up:
                report.not_tried += 1
                continue
            records = _records(run_id, run, report, skip_traced=skip_traced, span_names=span_names)
            sender.add(run_id, [sdk_span(record, resource) for record in records])
            if on_run is not None:
                on_run(report)
        sender.flush()
    return report


def _records(
    run_id: str, run: Any, report: ReplayReport, *, skip_traced: bool, span_names: Literal["node", "choice"]
) -> list[SpanRecord]:
    """Return the spans of one run; none, and a word in the report, where it is not to be sent or cannot be."""
    if skip_traced and isinstance(run, dict) and _trace_of(run) is not None:
        report.already_traced += 1
        return []
    try:
        records = replayed_spans(_readable(run), span_names=span_names)
    except InterchangeError as exc:
        report.unreadable_count += 1
        _name(report.unreadable, run_id, str(exc))
        return []
    cut = tuple(name for record in records for name in _cuts(record))
    if cut:
        _name(report.cut, run_id, cut)
    return records


def _readable(run: object) -> dict[str, Any]:
    if isinstance(run, Exception):
        raise InterchangeError(str(run)) from run
    if not isinstance(run, dict):
        raise InterchangeError("it is no run")
    return run


def _cuts(record: SpanRecord) -> Iterator[str]:
    for attributes in (record.attributes, *(event.attributes for event in record.events)):
        names = loads(attributes.get(semconv.CUT, "[]"))
        yield from map(str, names if isinstance(names, list) else ())


def _name(named: dict[str, Any], run_id: str, what: object) -> None:
    if len(named) < _MOST_NAMED:
        named[run_id] = what


class _Pace:
    """Keeps to so many spans a second."""

    def __init__(self, per_s: float | None, now: Callable[[], float], wait: Callable[[float], object]) -> None:
        self._per_s = per_s
        self._now = now
        self._wait = wait
        self._due = now()

    def keep(self, spans: int) -> None:
        """Wait until these may be sent."""
        if self._per_s is None:
            return
        rest = self._due - self._now()
        if rest > 0:
            self._wait(rest)
        self._due = max(self._due, self._now()) + spans / self._per_s


class _Reasons(logging.Handler):
    """Hears why an exporter has failed: it returns no more than that it has."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage()


@contextmanager
def _reasons() -> Iterator[_Reasons]:
    logger = logging.getLogger("opentelemetry.exporter")
    reasons = _Reasons()
    logger.addHandler(reasons)
    try:
        yield reasons
    finally:
        logger.removeHandler(reasons)


@dataclass(slots=True)
class _Unit:
    """Spans of one run that are sent together."""

    run_id: str
    spans: list[ReadableSpan]
    size: int
    is_last: bool = False


class _Sender:
    """Sends spans of many runs in few requests."""

    def __init__(self, exporter: SpanExporter, report: ReplayReport, pace: _Pace, reasons: _Reasons) -> None:
        self.has_given_up = False
        self._exporter = exporter
        self._report = report
        self._pace = pace
        self._reasons = reasons
        self._units: list[_Unit] = []
        self._failed: set[str] = set()
        self._failures = 0

    def add(self, run_id: str, spans: Sequence[ReadableSpan]) -> None:
        """Take a run's spans; some requests may be sent."""
        units = list(_units(run_id, spans))
        for unit in units:
            unit.is_last = unit is units[-1]
            spans_waiting = sum(len(other.spans) for other in self._units)
            size_waiting = sum(other.size for other in self._units)
            if spans_waiting + len(unit.spans) > _BATCH_SPANS or size_waiting + unit.size > _BATCH_BYTES:
                self.flush()
            self._units.append(unit)

    def flush(self) -> None:
        """Send what waits."""
        units, self._units = self._units, []
        if not units or self._is_taken(units):
            for unit in units:
                self._note(unit)
            return
        for unit in units:
            if len(units) == 1 or self.has_given_up or not self._is_taken([unit]):
                self._refuse(unit)
            self._note(unit)

    def _is_taken(self, units: list[_Unit]) -> bool:
        spans = [span for unit in units for span in unit.spans]
        self._pace.keep(len(spans))
        is_taken = self._exporter.export(spans) is SpanExportResult.SUCCESS
        self._failures = 0 if is_taken else self._failures + 1
        self.has_given_up = self.has_given_up or self._failures >= _GIVE_UP
        if is_taken:
            self._report.spans += len(spans)
        return is_taken

    def _refuse(self, unit: _Unit) -> None:
        if unit.run_id not in self._failed:
            self._failed.add(unit.run_id)
            self._report.refused_count += 1
            _name(self._report.refused, unit.run_id, self._reasons.last or "the receiver did not take it")

    def _note(self, unit: _Unit) -> None:
        if unit.is_last:
            self._report.sent += unit.run_id not in self._failed
            self._failed.discard(unit.run_id)


def _units(run_id: str, spans: Sequence[ReadableSpan]) -> Iterator[_Unit]:
    unit = _Unit(run_id, [], 0)
    for span in spans:
        size = _size(span)
        if unit.spans and (len(unit.spans) >= _UNIT_SPANS or unit.size + size > _BATCH_BYTES):
            yield unit
            unit = _Unit(run_id, [], 0)
        unit.spans.append(span)
        unit.size += size
    if unit.spans:
        yield unit


def _size(span: ReadableSpan) -> int:
    parts = [span.attributes or {}, *(event.attributes or {} for event in span.events)]
    return _SPAN_BYTES + sum(len(name) + size_of(value) for attributes in parts for name, value in attributes.items())
