"""Spans to runs, however many there are and in whatever order, within a bound of memory. Knows neither files nor wire.

A run is given out as soon as it is proven whole. What waits for more spans waits in memory, up to 64 MiB; beyond that
the runs that have waited longest go to a temporary file, and are put together at the end.
"""

from __future__ import annotations

import hashlib
import sys
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from runspan.assembly import OWN_SPANS
from runspan.errors import UnsupportedFormatError
from runspan.interchange._account import Account
from runspan.interchange._spool import Spool
from runspan.values import dumps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from runspan.assembly import Recogniser
    from runspan.mapping import Attributes, DecodedRun, EventRecord, LinkRecord, SpanRecord

__all__ = ["MAX_RUN_BYTES", "MAX_WAITING_BYTES", "runs_from_spans"]

MAX_WAITING_BYTES: Final = 64 * 1024 * 1024
"""Memory for spans whose run is not whole yet."""

MAX_RUN_BYTES: Final = 128 * 1024 * 1024
"""Memory for the spans of one run; a larger one is not rebuilt."""

_SPAN_BYTES: Final = 1_024  # what a record takes beside its texts
_SCALARS: Final = frozenset({str, int, bool, float, type(None)})
_REMEMBERED: Final = 100_000
_MAX_ID: Final = 65_536
"""Most characters of a run's id; it is in memory again and again, and names files."""


def runs_from_spans(
    spans: Iterable[SpanRecord],
    *,
    account: Account | None = None,
    recognisers: Sequence[Recogniser] = (OWN_SPANS,),
    max_waiting_bytes: int = MAX_WAITING_BYTES,
    max_run_bytes: int = MAX_RUN_BYTES,
    spool_folder: Path | None = None,
) -> Iterator[DecodedRun]:
    """Give the runs that spans make, each as soon as it is whole, and at the end those that never became whole.

    Args:
        spans: In any order, any number of times, runs interleaved, foreign spans between them.
        account: Where spans that are no run's, and runs that cannot be rebuilt, are counted.
        recognisers: Asked in this order; the first that knows a span has it.
        max_waiting_bytes: Memory for spans whose run is not whole yet; beyond it they wait on disk.
        max_run_bytes: Memory for one run. A larger one is skipped, and named in `account`.
        spool_folder: Where the temporary file for them is; the system's own place if it is not given.

    Returns:
        Runs: `is_whole` tells whether the checksum proves that nothing is missing. A run that is there in two traces is
        given twice.

    Raises:
        InterchangeError: There is no room on disk.
    """
    gatherer = _Gatherer(account or Account(), recognisers, max_waiting_bytes, max_run_bytes, Spool(spool_folder))
    try:
        for span in spans:
            decoded = gatherer.add(span)
            if decoded is not None:
                yield decoded
        yield from gatherer.finish()
    finally:
        gatherer.spool.close()


@dataclass(slots=True)
class _Waiting:
    number: int
    """Of its recogniser."""
    spans: dict[int, SpanRecord] = field(default_factory=dict)
    size: int = 0
    has_last: bool = False
    tries: int = 0
    until_try: int = 0
    """Spans that have to come before it is worth looking whether the run is whole."""


class _Gatherer:
    def __init__(
        self,
        account: Account,
        recognisers: Sequence[Recogniser],
        max_waiting_bytes: int,
        max_run_bytes: int,
        spool: Spool,
    ) -> None:
        self.spool = spool
        self._account = account
        self._recognisers = recognisers
        self._max_waiting_bytes = max_waiting_bytes
        self._max_run_bytes = max_run_bytes
        self._waiting: OrderedDict[bytes, _Waiting] = OrderedDict()
        self._size = 0
        self._has_spooled = False
        self._done: OrderedDict[bytes, None] = OrderedDict()
        self._sizer = _Sizer()
        self._latest: tuple[int, int, str, bytes] = (0, 0, "", b"")

    def add(self, span: SpanRecord) -> DecodedRun | None:
        """Take a span; return the run that it makes whole."""
        self._account.spans += 1
        number, key = self._recognise(span)
        if key is None:
            self._account.foreign_spans += 1
            return None
        if key in self._done:
            return None
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = _Waiting(number)
        decoded = self._tried(key, waiting) if self._put(waiting, span) else None
        while self._size > self._max_waiting_bytes:
            self._spill()
        return decoded

    def _recognise(self, span: SpanRecord) -> tuple[int, bytes | None]:
        for number, recogniser in enumerate(self._recognisers):
            key = recogniser.key_of(span)
            if key is not None and len(key) <= _MAX_ID:
                return number, self._short(number, span.trace_id, key)
            if key is not None:
                self._account.skip(
                    f"trace {span.trace_id:032x}", f"run {key[:80]}…", f"an id of {len(key):,} characters"
                )
        return 0, None

    def _short(self, number: int, trace_id: int, key: str) -> bytes:
        """Return a short key; most spans come right after one of the same run."""
        latest = self._latest
        if latest[2] != key or latest[1] != trace_id or latest[0] != number:
            latest = self._latest = (number, trace_id, key, _key(number, trace_id, key))
        return latest[3]

    def _put(self, waiting: _Waiting, span: SpanRecord) -> bool:
        """Keep a span; a repeated one only if it holds more. Return whether the run may be whole now."""
        size = self._sizer.size_of(span)
        known = waiting.spans.get(span.span_id)
        if known is not None:
            before = self._sizer.size_of(known)
            if before >= size:
                return False
            self._grow(waiting, -before)
        waiting.spans[span.span_id] = span
        self._grow(waiting, size)
        waiting.until_try -= 1
        if not waiting.has_last and self._recognisers[waiting.number].is_last(span):
            waiting.has_last = True
            waiting.until_try = 0
        return waiting.has_last and waiting.until_try <= 0

    def _grow(self, waiting: _Waiting, size: int) -> None:
        waiting.size += size
        self._size += size

    def _tried(self, key: bytes, waiting: _Waiting) -> DecodedRun | None:
        """Return the run if it is whole; else look again after twice as many spans as last time."""
        decoded = self._decoded(waiting.number, list(waiting.spans.values()))
        if decoded is None or decoded.is_whole:
            self._drop(key)
            self._done[key] = None
            if len(self._done) > _REMEMBERED:
                self._done.popitem(last=False)
            return decoded
        waiting.until_try = 1 << waiting.tries
        waiting.tries += 1
        return None

    def _decoded(self, number: int, spans: list[SpanRecord]) -> DecodedRun | None:
        """Return the run these spans make; None, and a word in the account, where they make none."""
        try:
            return self._recognisers[number].decode(spans)
        except UnsupportedFormatError as exc:
            reason = str(exc)
        except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError, AttributeError) as exc:
            reason = f"its spans make no run: {type(exc).__name__}: {exc}"
        self._account.skip(
            f"trace {spans[0].trace_id:032x}", f"run {self._recognisers[number].key_of(spans[0])}", reason
        )
        return None

    def _drop(self, key: bytes) -> _Waiting:
        waiting = self._waiting.pop(key)
        self._size -= waiting.size
        return waiting

    def _spill(self) -> None:
        """Put the run that came first on disk."""
        self._spool(next(iter(self._waiting)))

    def _spool(self, key: bytes) -> None:
        waiting = self._drop(key)
        self._has_spooled = True
        self.spool.put(key, list(waiting.spans.values()), waiting.size)

    def finish(self) -> Iterator[DecodedRun]:
        """Give what is left, whole or not."""
        if self._has_spooled:  # a run that waits may have more of its spans there
            for key in list(self._waiting):
                self._spool(key)
        for key in list(self._waiting):
            waiting = self._drop(key)
            decoded = self._decoded(waiting.number, list(waiting.spans.values()))
            if decoded is not None:
                yield decoded
        for key, spans in self.spool.runs():
            decoded = self._bounded(key[0], spans)
            if decoded is not None:
                yield decoded

    def _bounded(self, number: int, spans: Iterator[SpanRecord]) -> DecodedRun | None:
        run = _Waiting(number)
        for span in spans:
            self._put(run, span)
            if run.size > self._max_run_bytes:
                reason = f"its spans take more than {self._max_run_bytes // 2**20} MiB"
                place = f"run {self._recognisers[number].key_of(span)}"
                self._account.skip(f"trace {span.trace_id:032x}", place, reason)
                return None
        return self._decoded(number, list(run.spans.values()))


def _key(number: int, trace_id: int, key: str) -> bytes:
    """Return a short key; a run sent to two traces is whole in each, and mixed its decisions would be there twice."""
    text = f"{trace_id:x} {key}".encode(errors="surrogatepass")
    return bytes([number]) + hashlib.blake2b(text, digest_size=16).digest()


class _Sizer:
    """How much memory spans take, about."""

    def __init__(self) -> None:
        self._resource: Attributes | None = None
        self._resource_size = 0

    def size_of(self, span: SpanRecord) -> int:
        if span.resource is not self._resource:  # all spans of a document share one
            self._resource, self._resource_size = span.resource, _size(span.resource)
        size = _SPAN_BYTES + _size(span.attributes) + self._resource_size + len(span.name) + len(span.status_message)
        parts: tuple[EventRecord | LinkRecord, ...] = (*span.events, *span.links)
        for part in parts:
            size += 256 + _size(part.attributes)
        return size


def _size(attributes: Attributes) -> int:
    values = attributes.values()
    size = sum(map(len, attributes)) + sum(map(sys.getsizeof, values))
    if not _SCALARS.issuperset(map(type, values)):
        size += sum(_size_of_structure(value) for value in values if isinstance(value, list | tuple | dict))
    return size


def _size_of_structure(value: Any) -> int:
    return 40 * len(dumps(value))  # an empty dict takes 2 bytes of JSON and 64 of memory
