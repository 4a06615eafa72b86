"""Spans collected to runs, in any order, batch and number of times, within a bound. Knows no SDK and no storage."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from runspan.assembly._recogniser import OWN_SPANS
from runspan.errors import UnsupportedFormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from runspan.assembly._recogniser import Recogniser
    from runspan.mapping import DecodedRun, SpanRecord

__all__ = ["MAX_BYTES", "MAX_RUNS", "Assembler"]

MAX_RUNS: Final = 1_000
"""Runs that may wait for spans at the same time."""

MAX_BYTES: Final = 64 * 1024 * 1024
"""Bytes of attribute text that may wait."""

SETTLE_S: Final = 10.0
"""A run whose last span has come is given this long for the spans that are still missing, in seconds."""

_SPAN_OVERHEAD: Final = 1_024
_REMEMBERED: Final = 10_000


@dataclass(slots=True)
class _Waiting:
    recogniser: Recogniser
    spans: dict[int, SpanRecord] = field(default_factory=dict)
    size: int = 0
    last_seen: float | None = None
    """When the latest span came, once the one that ends the run is here."""
    is_given: bool = False
    """Whether it was given out as it stands, incomplete."""


class Assembler:
    """Gives out each run as soon as it is whole, and what never becomes whole when its time or room is up.

    Not thread-safe: its owner guards it.
    """

    def __init__(
        self,
        *,
        recognisers: Sequence[Recogniser] = (OWN_SPANS,),
        max_runs: int = MAX_RUNS,
        max_bytes: int = MAX_BYTES,
        on_refused: Callable[[str, UnsupportedFormatError], None] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start with nothing waiting.

        Args:
            recognisers: Asked in this order; the first that knows a span has it.
            max_runs: Runs that may wait.
            max_bytes: Bytes of attribute text that may wait.
            on_refused: Told of each run that a newer version wrote; its spans are dropped.
            now: Seconds, never going back.
        """
        self._recognisers = recognisers
        self._max_runs = max_runs
        self._max_bytes = max_bytes
        self._on_refused = on_refused
        self._now = now
        self._waiting: OrderedDict[str, _Waiting] = OrderedDict()
        self._size = 0
        self._done: OrderedDict[str, None] = OrderedDict()
        self.foreign = 0
        """Spans that no recogniser knew."""

    def add(self, spans: Iterable[SpanRecord]) -> Iterator[DecodedRun]:
        """Take spans; give the runs that are whole now, or that have waited long enough."""
        for key in self._collect(spans):
            yield from self._give(key, only_whole=True)
        latest = self._now() - SETTLE_S
        yield from self._give_ended(lambda last_seen: last_seen <= latest)
        while len(self._waiting) > self._max_runs or self._size > self._max_bytes:
            yield from self._give_up(next(iter(self._waiting)))

    def settle(self) -> Iterator[DecodedRun]:
        """Give the ended runs that wait for missing spans as they stand; what comes later still improves them."""
        yield from self._give_ended(lambda _: True)

    def flush(self) -> Iterator[DecodedRun]:
        """Give everything that waits, whole or not, and forget it."""
        for key in list(self._waiting):
            yield from self._give_up(key)

    def _collect(self, spans: Iterable[SpanRecord]) -> list[str]:
        """Sort spans to their runs; return the runs that one of them may have completed."""
        touched: dict[str, None] = {}
        for span in spans:
            recogniser, key = self._recognise(span)
            if recogniser is None or key is None:
                self.foreign += 1
            elif key not in self._done and self._put(recogniser, key, span):
                touched[key] = None
        return [key for key in touched if self._waiting[key].last_seen is not None]

    def _recognise(self, span: SpanRecord) -> tuple[Recogniser | None, str | None]:
        for recogniser in self._recognisers:
            key = recogniser.key_of(span)
            if key is not None:
                return recogniser, key
        return None, None

    def _put(self, recogniser: Recogniser, key: str, span: SpanRecord) -> bool:
        """Keep a span; a repeated one only if it holds more. Return whether it was kept."""
        waiting = self._waiting.setdefault(key, _Waiting(recogniser))
        size = _size(span)
        known = waiting.spans.get(span.span_id)
        if known is not None and _size(known) >= size:
            return False
        grown = size - (_size(known) if known is not None else 0)
        waiting.spans[span.span_id] = span
        waiting.size += grown
        self._size += grown
        waiting.is_given = False
        if waiting.last_seen is not None or recogniser.is_last(span):
            waiting.last_seen = self._now()
        return True

    def _give_ended(self, is_due: Callable[[float], bool]) -> Iterator[DecodedRun]:
        ended = [(key, run.last_seen) for key, run in self._waiting.items() if not run.is_given]
        for key, last_seen in ended:
            if last_seen is not None and is_due(last_seen):
                yield from self._give(key, only_whole=False)

    def _give(self, key: str, *, only_whole: bool) -> Iterator[DecodedRun]:
        """Give a run; a whole one is done, an incomplete one goes on waiting for what improves it."""
        waiting = self._waiting[key]
        try:
            decoded = waiting.recogniser.decode(waiting.spans.values())
        except UnsupportedFormatError as exc:
            self._drop(key)
            if self._on_refused is not None:
                self._on_refused(key, exc)
            return
        if decoded.is_whole:
            self._drop(key)
            self._remember(key)
        elif only_whole:
            return
        waiting.is_given = True
        yield decoded

    def _give_up(self, key: str) -> Iterator[DecodedRun]:
        if not self._waiting[key].is_given:
            yield from self._give(key, only_whole=False)
        if key in self._waiting:
            self._drop(key)

    def _drop(self, key: str) -> None:
        self._size -= self._waiting.pop(key).size

    def _remember(self, key: str) -> None:
        """Know a whole run again, so that its repeated spans do not wait for a run that has been given out."""
        self._done[key] = None
        if len(self._done) > _REMEMBERED:
            self._done.popitem(last=False)


def _size(span: SpanRecord) -> int:
    attributes = [span.attributes, *(event.attributes for event in span.events)]
    return _SPAN_OVERHEAD + sum(len(value) for each in attributes for value in each.values() if isinstance(value, str))
