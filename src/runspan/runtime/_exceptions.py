"""What escapes from the agent's code, as it stands on a span. Knows no span."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Final

from runspan.record import ExceptionParts
from runspan.values import text_of

if TYPE_CHECKING:
    from runspan.record import Encoder

__all__ = ["Escapes", "error_type_of"]

_MAX_STACKTRACE: Final = 8_192


def error_type_of(exc: BaseException) -> str:
    """Return the name of an exception's class as the conventions want it, the module before it unless built in."""
    kind = type(exc)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _parts(exc: BaseException) -> ExceptionParts:
    """Return an exception's type, message and stack trace."""
    kind, message = error_type_of(exc), text_of(exc)
    # format_tb, not format_exception: the exception's own text may raise, and stands in the message anyway.
    lines = "".join(traceback.format_tb(exc.__traceback__))[-_MAX_STACKTRACE:]
    return ExceptionParts(kind, message, f"Traceback (most recent call last):\n{lines}{kind}: {message}\n")


class Escapes:
    """What has escaped from the agent's code in one run: each exception is recorded once, where it escapes first."""

    def __init__(self, encoder: Encoder) -> None:
        """Start with none.

        Args:
            encoder: Keeps secrets out of messages and stack traces.
        """
        self._encoder = encoder
        self._last: BaseException | None = None

    def parts_of(self, exc: BaseException) -> ExceptionParts | None:
        """Return an exception as spans have it; None where it was recorded already."""
        if exc is self._last:
            return None
        self._last = exc
        return self._encoder.exception(_parts(exc))

    def forget(self) -> None:
        """Let go of the last one, and of the frames it holds."""
        self._last = None
