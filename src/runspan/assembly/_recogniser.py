"""Which spans are a run's, and what they mean. The mapping is the first recogniser; others can be hung beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from runspan.mapping import decode_run, is_run_span, run_id_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runspan.mapping import DecodedRun, SpanRecord

__all__ = ["OWN_SPANS", "Recogniser"]


class Recogniser(Protocol):
    """Makes Runs of the spans of one instrumentation."""

    def key_of(self, span: SpanRecord) -> str | None:
        """Return what is the same for all spans of one run, or None for a span that is not of this kind."""

    def is_last(self, span: SpanRecord) -> bool:
        """Whether the run has ended once this span has arrived."""

    def decode(self, spans: Iterable[SpanRecord]) -> DecodedRun:
        """Make the Run.

        Raises:
            UnsupportedFormatError: The spans were written by a newer version.
        """


class _OwnSpans:
    """Spans that runspan itself has made."""

    def key_of(self, span: SpanRecord) -> str | None:
        """Return the run's id."""
        return run_id_of(span.attributes)

    def is_last(self, span: SpanRecord) -> bool:
        """Whether it is the run's own span: that one ends last."""
        return is_run_span(span.attributes)

    def decode(self, spans: Iterable[SpanRecord]) -> DecodedRun:
        """Decode them by the mapping."""
        return decode_run(spans)


OWN_SPANS: Final[Recogniser] = _OwnSpans()
"""The recogniser for spans that runspan has made."""
