"""What runs and decisions put into the OpenTelemetry context, and how they take it out again. Knows no record.

No context tokens: a token made in one task must not be detached in another. What is put into the context instead is a
span that forwards, so that a context put back later by somebody's `with` block never leads to a span that has ended.
"""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.context import Context, attach, create_key, get_current, set_value
from opentelemetry.trace import INVALID_SPAN, Span, set_span_in_context

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.trace import SpanContext
    from opentelemetry.trace.status import Status, StatusCode
    from opentelemetry.util.types import Attributes, AttributeValue

    from runspan.runtime._decisions import Decision
    from runspan.runtime._run import OpenRun

__all__ = [
    "ForwardingSpan",
    "ParentContext",
    "Scope",
    "current_scope",
    "current_span_or_none",
    "enter",
    "enter_decision",
    "executing_decision",
    "forward",
    "leave_decision",
    "leave_run",
    "restore_scope",
    "task_identity",
]

# The API has no way to take the current span out of a context; the key is found, not imported.
_SPAN_KEY: Final[str] = next(iter(set_span_in_context(INVALID_SPAN, Context())))
_SCOPE_KEY: Final = create_key("runspan-scope")


class ForwardingSpan(Span):
    """Stands in the context for a span of ours: forwards to it while it is open, then to what was current before."""

    def __init__(self, ours: Span, beneath: Span | None, enclosing: Span | None, run: OpenRun) -> None:
        """Wrap a span of ours.

        Args:
            ours: The run's or decision's own span.
            beneath: What was current when it was started, None for nothing.
            enclosing: The forwarding span of what encloses it, for a `beneath` that has ended itself.
            run: The run it belongs to.
        """
        self._ours: Span | None = ours
        # For `leave_decision`: the context in which it was made current, and the one that has it.
        self.before: Context | None = None
        self.inside: Context | None = None
        # One of ours needs no asking: it forwards by itself to what lies beneath it.
        self._beneath_was_recording = (
            beneath is not None and type(beneath) is not ForwardingSpan and beneath.is_recording()
        )
        self.beneath = beneath
        self.enclosing = enclosing
        self.run = run

    def close(self) -> None:
        """Forward to what lies beneath from now on."""
        self._ours = self.before = self.inside = None

    def floor(self) -> Span | None:
        """Return what is current once this one has ended; None for nothing."""
        beneath = self.beneath
        if self._beneath_was_recording and beneath is not None and not beneath.is_recording():
            return self.enclosing
        return beneath

    def _target(self) -> Span:
        return self._ours or self.floor() or INVALID_SPAN

    def __getattr__(self, name: str) -> Any:
        """Offer what SDK spans have beyond the API: `name`, `attributes`, `kind`."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._target(), name)

    def end(self, end_time: int | None = None) -> None:
        """End the span beneath; a span of ours is ended by its run alone."""
        if self._ours is None:
            self._target().end(end_time)

    def get_span_context(self) -> SpanContext:
        """Return the target's."""
        return self._target().get_span_context()

    def set_attributes(self, attributes: Mapping[str, AttributeValue]) -> None:
        """Set them on the target."""
        self._target().set_attributes(attributes)

    def set_attribute(self, key: str, value: AttributeValue) -> None:
        """Set it on the target."""
        self._target().set_attribute(key, value)

    def add_event(self, name: str, attributes: Attributes = None, timestamp: int | None = None) -> None:
        """Add it to the target."""
        self._target().add_event(name, attributes, timestamp)

    def add_link(self, context: SpanContext, attributes: Attributes = None) -> None:
        """Add it to the target."""
        self._target().add_link(context, attributes)

    def update_name(self, name: str) -> None:
        """Rename the target."""
        self._target().update_name(name)

    def is_recording(self) -> bool:
        """Whether the target records."""
        return self._target().is_recording()

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """Set it on the target."""
        self._target().set_status(status, description)

    def record_exception(
        self,
        exception: BaseException,
        attributes: Attributes = None,
        timestamp: int | None = None,
        escaped: bool = False,  # noqa: FBT001, FBT002 - the API's signature
    ) -> None:
        """Record it on the target."""
        self._target().record_exception(exception, attributes, timestamp, escaped)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose calls these are: a run, and the decision whose execution is under way."""

    run: OpenRun
    decision: Decision | None = None
    outer: Scope | None = None
    """What was in force before, of this or another Runtime."""


def current_scope() -> Scope | None:
    """Return the scope of the current context."""
    values: dict[str, Any] = get_current()
    scope: Scope | None = values.get(_SCOPE_KEY)
    return scope


def current_span_or_none() -> Span | None:
    """Return the current span, None where the context has none."""
    values: dict[str, Any] = get_current()
    span: Span | None = values.get(_SPAN_KEY)
    return span


def executing_decision(run: OpenRun) -> Decision | None:
    """Return the innermost decision of a run whose execution this context is part of and that is still open."""
    scope = current_scope()
    while scope is not None:
        if scope.run is run and scope.decision is not None and scope.decision.ended is None:
            return scope.decision
        scope = scope.outer
    return None


def forward(
    ours: Span, enclosing: ForwardingSpan | None, outermost: ForwardingSpan | None, run: OpenRun
) -> ForwardingSpan:
    """Return what stands in the context for a new decision's span.

    It lies on what is current; a decision that waits for its outcome is a sibling, and not that.

    Args:
        ours: The decision's span.
        enclosing: The forwarding span of what it is made inside of.
        outermost: The forwarding span of the run.
        run: The run.
    """
    beneath = current_span_or_none()
    # `type(…) is`: for an abstract class `isinstance` costs more than the rest of this.
    while (
        type(beneath) is ForwardingSpan and beneath.run is run and beneath is not enclosing and beneath is not outermost
    ):
        beneath = beneath.beneath
    return ForwardingSpan(ours, beneath, enclosing, run)


class ParentContext:
    """The context a child span is started in: the current one, with the parent as its span; kept while that is so.

    A run's decisions are mostly made in the very same context, which is then copied once for all of them.
    """

    __slots__ = ("_made",)

    def __init__(self) -> None:
        """Make none yet."""
        self._made: tuple[Context, Span, Context] | None = None

    def of(self, parent: Span) -> Context:
        """Return it for a parent."""
        current, made = get_current(), self._made
        if made is not None and made[0] is current and made[1] is parent:
            return made[2]
        context = Context({**current, _SPAN_KEY: parent})
        self._made = current, parent, context  # in one piece: threads may share a run
        return context


def enter_decision(span: ForwardingSpan) -> None:
    """Make a decision's span current; `leave_decision` undoes it."""
    span.before = before = get_current()
    span.inside = inside = Context({**before, _SPAN_KEY: span})
    attach(inside)


def enter(span: Span | None, scope: Scope) -> None:
    """Put a scope, and a span if there is one, into the current context."""
    context = set_value(_SCOPE_KEY, scope)
    attach(set_span_in_context(span, context) if span is not None else context)


def _replace(span: Span | None, scope: Scope | None) -> None:
    """Put exactly this span and scope into the current context; None takes the key out."""
    values = {key: value for key, value in get_current().items() if key not in {_SPAN_KEY, _SCOPE_KEY}}
    if span is not None:
        values[_SPAN_KEY] = span
    if scope is not None:
        values[_SCOPE_KEY] = scope
    attach(Context(values))


def leave_decision(span: ForwardingSpan) -> None:
    """Take a decision's span out of the context, but only if it is the current one."""
    current = get_current()
    if current.get(_SPAN_KEY) is span:
        floor = span.floor()
        if current is span.inside and span.before is not None and span.before.get(_SPAN_KEY) is floor:
            attach(span.before)  # nothing else has changed since: the very context of before, as most of the time
        elif floor is not None:
            attach(Context({**current, _SPAN_KEY: floor}))
        else:
            _replace(None, current_scope())


def restore_scope(mine: Scope) -> None:
    """Take the scope of an execution out of the context, but only if it is the one in force."""
    if current_scope() is mine:
        _replace(current_span_or_none(), mine.outer)


def leave_run(run: OpenRun, before: Context) -> None:
    """Put back what was current before a run started.

    Args:
        run: The run that ends.
        before: The context it was started in; put back as it is where nothing else has changed since.
    """
    span, scope = current_span_or_none(), current_scope()
    while isinstance(span, ForwardingSpan) and (span.run is run or not span.run.is_open):
        span = span.beneath
    if scope is not None and scope.run is run:
        scope = _next_open(scope, run)
    if span is current_span_or_none() and scope is current_scope():
        return
    _replace(span, scope)
    if dict(get_current()) == dict(before):
        attach(before)


def _next_open(scope: Scope | None, run: OpenRun) -> Scope | None:
    while scope is not None and (scope.run is run or not scope.run.is_open):
        scope = scope.outer
    return scope


class _Token:
    """Stands for one thread; weakly referenced, so it goes when the thread goes."""


_thread = threading.local()


def task_identity() -> object:
    """Return an object that stands for the asyncio task that runs, outside asyncio for the thread."""
    asyncio = sys.modules.get("asyncio")  # not imported for this: who has not imported it has no task
    if asyncio is not None:
        try:
            task = asyncio.current_task()
        except RuntimeError:
            task = None
        if task is not None:
            return task
    token = getattr(_thread, "token", None)
    if token is None:
        token = _thread.token = _Token()
    return token
