"""Work of our own that no instrumentation should trace. Knows nothing of the work."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry import context as context_api
from opentelemetry.context import _SUPPRESS_HTTP_INSTRUMENTATION_KEY, _SUPPRESS_INSTRUMENTATION_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["suppressed"]


@contextmanager
def suppressed() -> Iterator[None]:
    """Keep instrumentations from tracing what runs in this block."""
    context = context_api.set_value(_SUPPRESS_INSTRUMENTATION_KEY, True)  # noqa: FBT003 - the API has it so
    token = context_api.attach(context_api.set_value(_SUPPRESS_HTTP_INSTRUMENTATION_KEY, True, context))  # noqa: FBT003
    try:
        yield
    finally:
        context_api.detach(token)
