"""What may be kept from the record: secrets, what a user's function takes out, or every value. Knows no calls.

A mask sees texts and plain JSON values with the name of their field, and gives them back changed or not.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from runspan.health import Health, contained
from runspan.redaction import REDACTED, Finding, Redactor
from runspan.values import to_json_value

if TYPE_CHECKING:
    from runspan.native import JSONValue

__all__ = ["FunctionMask", "Mask", "RedactFunction", "SecretsMask", "StructureMask"]

RedactFunction = Callable[[Any, str], Any]
"""A user's `redact(value, field)`: a text or JSON value and the name of its field; returns what is to be recorded."""

Masked = tuple[Any, list[Finding]]
"""What is to be recorded, and where something was taken out by which rule."""

_logger = logging.getLogger("runspan.redaction")

_NOT_CAPTURED: Final = "[not captured]"
_IDS: Final = frozenset({"chosen_option_id", "decision_id", "goal_id", "node_id", "severity"})
_OPTION_KEPT: Final = frozenset({"id", "action_type", "confidence"})
_MODEL_KEPT: Final = _IDS | {
    *("id", "timestamp", "started_at", "completed_at", "status", "success", "decision_type", "action_type"),
    *("confidence", "tokens_used", "latency_ms", "total_decisions", "total_tokens", "nodes_executed"),
}
_MODEL: Final = "run"
"""Where the fields of what the agent put into the model itself begin."""


class Mask(Protocol):
    """One thing that may be kept from the record."""

    def suspects(self, haystack: bytes | str) -> bool:
        """Whether it may change something in a text, or in a JSON document; False is sure."""

    def text(self, text: str, field: str) -> Masked:
        """Return a text as it is to be recorded, and what was found in it."""

    def value(self, value: JSONValue, field: str) -> Masked:
        """Return a JSON value as it is to be recorded, and what was found in it."""


class SecretsMask:
    """Takes out what looks like a secret."""

    def __init__(self, redactor: Redactor, health: Health) -> None:
        """Use a redactor's rules.

        Args:
            redactor: The rules.
            health: Where a fault of ours is counted; what it concerned is then kept from the record altogether.
        """
        self._redactor = redactor
        self._health = health
        self.suspects = redactor.suspects

    def text(self, text: str, field: str) -> Masked:
        """Return the text without secrets."""
        with contained("redaction", self._health):
            clean, rules = self._redactor.text(text)
            return clean, [Finding(field, rule) for rule in rules]
        return REDACTED, []

    def value(self, value: JSONValue, field: str) -> Masked:
        """Return the value without secrets."""
        with contained("redaction", self._health):
            return self._redactor.value(value, field)
        return REDACTED, []


class FunctionMask:
    """Asks a user's function about each field."""

    def __init__(self, function: RedactFunction, health: Health) -> None:
        """Use a function.

        Args:
            function: The user's; what it concerned is kept from the record where it raises.
            health: Where that is counted.
        """
        self._function = function
        self._health = health

    def suspects(self, haystack: bytes | str) -> bool:  # noqa: ARG002 - only the function knows
        """Whether it may change something: always."""
        return True

    def text(self, text: str, field: str) -> Masked:
        """Return what the function makes of it, as plain JSON."""
        return self.value(text, field)

    def value(self, value: JSONValue, field: str) -> Masked:
        """Return what the function makes of it, as plain JSON."""
        try:
            return to_json_value(self._function(value, field)), []
        except Exception as exc:  # noqa: BLE001 - the user's function may raise anything; its text may quote the secret
            message = "redact(value, %r) raised %s; that field is recorded as %s"
            self._health.warn(_logger, "redact failed", message, field, type(exc).__name__, REDACTED)
            return REDACTED, []


class StructureMask:
    """Leaves ids, names and shapes, and takes out every value."""

    def suspects(self, haystack: bytes | str) -> bool:  # noqa: ARG002 - there are always values
        """Whether it may change something: always."""
        return True

    def text(self, text: str, field: str) -> Masked:
        """Return the text of an id, a mark for any other."""
        return (text if field in _IDS or not text else _NOT_CAPTURED), []

    def value(self, value: JSONValue, field: str) -> Masked:
        """Return the value with the kinds of its leaves in their place; options keep id, type and confidence."""
        if field == "options" and isinstance(value, list):
            return [_kinds(option, _OPTION_KEPT) for option in value], []
        if field.partition(".")[0] == _MODEL:
            return _kinds(value, _MODEL_KEPT, deep=True), []
        return _kinds(value), []


def _kinds(value: JSONValue, kept: frozenset[str] = frozenset(), *, deep: bool = False) -> JSONValue:
    """Return a value with the kinds of its leaves in their place; what stands under a kept name stays."""
    if isinstance(value, dict):
        below = kept if deep else frozenset()
        return {name: item if name in kept else _kinds(item, below, deep=deep) for name, item in value.items()}
    if isinstance(value, list):
        return [_kinds(item, kept, deep=deep) for item in value]
    if isinstance(value, bool):
        return "[boolean]"
    if isinstance(value, int | float):
        return "[number]"
    return _NOT_CAPTURED if value else value
