"""What escapes from the agent's code, as it stands on a span. Knows no span."""

from __future__ import annotations

import traceback
from typing import Final

from runspan.record import ExceptionParts
from runspan.values import text_of

__all__ = ["error_type_of", "exception_parts"]

_MAX_STACKTRACE: Final = 8_192


def error_type_of(exc: BaseException) -> str:
    """Return the name of an exception's class as the conventions want it, the module before it unless built in."""
    kind = type(exc)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def exception_parts(exc: BaseException) -> ExceptionParts:
    """Return an exception's type, message and stack trace."""
    kind, message = error_type_of(exc), text_of(exc)
    # format_tb, not format_exception: the exception's own text may raise, and stands in the message anyway.
    lines = "".join(traceback.format_tb(exc.__traceback__))[-_MAX_STACKTRACE:]
    return ExceptionParts(kind, message, f"Traceback (most recent call last):\n{lines}{kind}: {message}\n")
