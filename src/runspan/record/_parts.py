"""The parts of a Run as they are once encoded: plain texts and numbers, and JSON bytes for every structure.

Knows neither where the values come from nor where the parts go.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

__all__ = [
    "EMPTY_ARRAY",
    "EMPTY_OBJECT",
    "NULL",
    "DecisionParts",
    "EndParts",
    "ExceptionParts",
    "OutcomeParts",
    "ProblemParts",
    "RunParts",
    "Stamp",
]

EMPTY_ARRAY: Final = b"[]"
EMPTY_OBJECT: Final = b"{}"
NULL: Final = b"null"


@dataclass(slots=True)
class Stamp:
    """One instant as text and as number; both come from one reading of the clock."""

    text: str
    """As the native format stores it."""
    unix_nano: int
    """Nanoseconds since the epoch, UTC."""
    is_own: bool = True
    """Whether `unix_nano` alone gives `text` back."""


# Not frozen: a frozen dataclass sets each field through object.__setattr__, and one of these is made at every call.


@dataclass(slots=True, kw_only=True)
class RunParts:
    """What is known of a Run when it starts."""

    id: str
    goal_id: str
    started: Stamp
    goal_description: str = ""
    input_data: bytes = EMPTY_OBJECT
    extra: dict[str, bytes] = field(default_factory=dict)
    """Extra fields, name -> JSON, in their order."""


@dataclass(slots=True, kw_only=True)
class DecisionParts:
    """One Decision without its outcome."""

    id: str
    index: int
    """Place in the Run's list of decisions, from 0."""
    made: Stamp
    node_id: str
    intent: str
    decision_type: str
    options: bytes = EMPTY_ARRAY
    chosen_option_id: str = ""
    chosen_description: str | None = None
    """Description of the chosen option; derived, for people who look at the span."""
    reasoning: str = ""
    active_constraints: bytes = EMPTY_ARRAY
    input_context: bytes = EMPTY_OBJECT
    evaluation: bytes = NULL
    extra: dict[str, bytes] = field(default_factory=dict)
    """Extra fields, name -> JSON, in their order."""
    line: bytes = b""
    """All of it as native JSON, from the call that made it; the run gives the id."""


@dataclass(slots=True, kw_only=True)
class OutcomeParts:
    """One Outcome."""

    recorded: Stamp
    success: bool
    result: bytes = NULL
    error: str | None = None
    state_changes: bytes = EMPTY_OBJECT
    tokens_used: int = 0
    latency_ms: int = 0
    summary: str = ""
    extra: dict[str, bytes] = field(default_factory=dict)
    """Extra fields, name -> JSON, in their order."""
    line: bytes = b""
    """All of it as native JSON, from the call that made it; the run gives the id."""


@dataclass(slots=True, kw_only=True)
class ProblemParts:
    """One Problem."""

    id: str
    index: int
    """Place in the Run's list of problems, from 0."""
    reported: Stamp
    severity: str
    description: str
    decision_id: str | None = None
    root_cause: str | None = None
    suggested_fix: str | None = None
    extra: dict[str, bytes] = field(default_factory=dict)
    """Extra fields, name -> JSON, in their order."""
    line: bytes = b""
    """All of it as native JSON, from the call that made it; the run gives the id."""


@dataclass(slots=True, kw_only=True)
class EndParts:
    """How a run ended, as the agent gave it."""

    success: bool
    narrative: str = ""
    """Empty for the default one."""
    output_data: bytes | None = None
    """JSON object; None where none was given."""
    extra: dict[str, bytes] = field(default_factory=dict)
    """Extra fields for the Run, name -> JSON."""


@dataclass(slots=True)
class ExceptionParts:
    """An exception that escaped from the agent's code; on a span only, the native format has no place for it."""

    type: str
    """Its class, with the module before it unless built in."""
    message: str
    stacktrace: str
