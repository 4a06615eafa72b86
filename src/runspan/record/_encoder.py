"""A Runtime's way to make parts of what an agent says: encoded once, then masked, before anybody else sees them.

Knows no run and no clock. What a mask took out is named in the part's extra field `redacted`, never quoted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from runspan.record._coerce import array_of_texts_json, object_json, optional_text, text
from runspan.record._encode import (
    encode_decision,
    encode_outcome,
    encode_problem,
    encode_run_end,
    encode_run_start,
)
from runspan.record._lines import decision_json, outcome_json, problem_json, run_end_json, run_json
from runspan.record._masks import FunctionMask, Mask, RedactFunction, SecretsMask, StructureMask
from runspan.record._options import encode_options
from runspan.record._parts import (
    EMPTY_ARRAY,
    EMPTY_OBJECT,
    NULL,
    DecisionParts,
    EndParts,
    ExceptionParts,
    OutcomeParts,
    ProblemParts,
    RunParts,
    Stamp,
)
from runspan.values import dumps, encode, loads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runspan.health import Health
    from runspan.redaction import Finding, Redactor

__all__ = ["Encoder"]

_Part = DecisionParts | OutcomeParts | ProblemParts | RunParts | EndParts
_P = TypeVar("_P", DecisionParts, OutcomeParts, ProblemParts, RunParts, EndParts)

_TEXTS: Final[dict[type[_Part], tuple[str, ...]]] = {
    RunParts: ("goal_id", "goal_description"),
    DecisionParts: ("intent", "reasoning", "node_id", "chosen_option_id"),
    OutcomeParts: ("error", "summary"),
    ProblemParts: ("severity", "description", "decision_id", "root_cause", "suggested_fix"),
    EndParts: ("narrative",),
}
_VALUES: Final[dict[type[_Part], tuple[str, ...]]] = {
    RunParts: ("input_data",),
    DecisionParts: ("options", "active_constraints", "input_context"),
    OutcomeParts: ("result", "state_changes"),
    ProblemParts: (),
    EndParts: ("output_data",),
}
_NULLABLE: Final = frozenset({"error", "decision_id", "root_cause", "suggested_fix"})
_EMPTY: Final = frozenset({EMPTY_ARRAY, EMPTY_OBJECT, NULL, None, ""})
_MOST_FINDINGS: Final = 100


class Encoder:
    """Makes parts of calls' arguments, without what is to be kept from the record. Safe to use from any thread."""

    def __init__(
        self,
        *,
        health: Health,
        redactor: Redactor | None = None,
        function: RedactFunction | None = None,
        capture_content: bool = True,
    ) -> None:
        """Choose the masks.

        Args:
            health: Where a mask that fails is counted.
            redactor: Rules for secrets; None for none.
            function: A user's own.
            capture_content: Whether values are recorded at all, or their structure alone.
        """
        self._masks: list[Mask] = []
        if redactor is not None:
            self._masks.append(SecretsMask(redactor, health))
        if function is not None:
            self._masks.append(FunctionMask(function, health))
        if not capture_content:
            self._masks.append(StructureMask())
        self._captures = capture_content

    def run_start(self, run_id: str, *arguments: object, names: Mapping[str, object]) -> RunParts:
        """Encode the arguments of `start_run`, as `encode_run_start` takes them."""
        parts = encode_run_start(run_id, *arguments, names=names)
        self._masked(parts, run_json)
        return parts

    def decision(self, made: Stamp, part_id: str, index: int, *arguments: object) -> tuple[DecisionParts, list[str]]:
        """Encode the arguments of `decide`, as `encode_decision` takes them.

        Args:
            made: When.
            part_id: The id it will most likely have, for its line; the run has the last word.
            index: The place it will most likely have.
            arguments: The agent's.

        Returns:
            The parts, and what is doubtful about them, one sentence each.
        """
        parts, doubts = encode_decision(*arguments)
        parts.id, parts.index, parts.made = part_id, index, made
        parts.line = self._masked(parts, decision_json)
        return parts, [self.text(doubt) for doubt in doubts] if doubts else doubts

    def outcome(self, recorded: Stamp, *arguments: object) -> OutcomeParts:
        """Encode the arguments of `record_outcome`, as `encode_outcome` takes them."""
        parts = encode_outcome(*arguments)
        parts.recorded = recorded
        parts.line = self._masked(parts, outcome_json)
        return parts

    def problem(self, reported: Stamp, *arguments: object) -> ProblemParts:
        """Encode the arguments of `report_problem`, as `encode_problem` takes them."""
        parts = encode_problem(*arguments)
        parts.reported = reported
        parts.line = self._masked(parts, problem_json)
        return parts

    def run_end(self, success: object, narrative: object, output_data: object) -> EndParts:
        """Encode the arguments of `end_run`."""
        parts = encode_run_end(success, narrative, output_data)
        self._masked(parts, run_end_json)
        return parts

    def exception(self, parts: ExceptionParts) -> ExceptionParts:
        """Mask what escaped from the agent's code."""
        if not self._masks:
            return parts
        message = self.text(parts.message)
        trace = parts.stacktrace.replace(parts.message, message) if parts.message else parts.stacktrace
        # A stack trace quotes the agent's source: code, but not what it works on.
        return ExceptionParts(parts.type, message, self.text(trace) if self._captures else trace)

    def text(self, some: str) -> str:
        """Mask a text that stands on a span or in a log alone."""
        for mask in self._masks:
            if mask.suspects(some):
                made, _ = mask.text(some, "")
                some = made if isinstance(made, str) else dumps(made).decode()
        return some

    def amendments(self, amendments: list[dict[str, Any]]) -> bool:
        """Mask, in place, what the agent changed on the model itself; return whether anything was."""
        changed = False
        for amendment in amendments:
            before = amendment.get("value")
            for mask in self._masks:
                amendment["value"] = _amended(mask, amendment["value"], amendment["at"])
            changed = changed or before != amendment.get("value")
        return changed

    def _masked(self, parts: _P, line_of: Callable[[_P], bytes]) -> bytes:
        """Mask parts in place; return their line."""
        line = line_of(parts)
        for mask in self._masks:
            if mask.suspects(line):
                _mask(mask, parts)
                line = line_of(parts)
        return line


def _mask(mask: Mask, parts: _Part) -> None:
    """Mask all fields of parts in place.

    A mask may give back anything: it is made the field's type by the rules for arguments.
    """
    found: list[Finding] = []
    extra: dict[str, bytes] = {}
    for name in _TEXTS[type(parts)]:
        before = getattr(parts, name)
        if before:
            made, findings = mask.text(before, name)
            found += findings
            setattr(parts, name, (optional_text if name in _NULLABLE else text)(made, name, extra))
    for name in _VALUES[type(parts)]:
        data = getattr(parts, name)
        if data not in _EMPTY:
            made, findings = mask.value(loads(data), name)
            found += findings
            setattr(parts, name, _ENCODED[name](made, name, extra))
    parts.extra = _masked_extra(mask, parts.extra, found) | extra
    if isinstance(parts, DecisionParts):
        _describe_choice(parts)
    if found:
        _note(parts, found)


def _masked_extra(mask: Mask, extra: dict[str, bytes], found: list[Finding]) -> dict[str, bytes]:
    masked = {}
    for name, data in extra.items():
        made, findings = mask.value({name: loads(data)}, "")
        found += findings
        masked[name] = encode(made.get(name) if isinstance(made, dict) else made)
    return masked


def _encoded(value: object, name: str, extra: dict[str, bytes]) -> bytes:  # noqa: ARG001 - as its like
    return encode(value)


_ENCODED: Final[dict[str, Callable[[Any, str, dict[str, bytes]], bytes]]] = {
    "input_data": object_json,
    "output_data": object_json,
    "options": encode_options,
    "active_constraints": array_of_texts_json,
    "input_context": object_json,
    "result": _encoded,
    "state_changes": object_json,
}


def _describe_choice(parts: DecisionParts) -> None:
    """Take the description of the chosen option from the options again."""
    for option in cast("list[dict[str, Any]]", loads(parts.options)):
        if option["id"] == parts.chosen_option_id:
            parts.chosen_description = option["description"]
            return
    parts.chosen_description = None


def _note(parts: _Part, found: list[Finding]) -> None:
    """Say in the extra field `redacted` where something was taken out and by which rule."""
    told = [{"at": finding.at, "rule": finding.rule} for finding in found[:_MOST_FINDINGS]]
    before: Any = loads(parts.extra["redacted"]) if "redacted" in parts.extra else []
    parts.extra["redacted"] = dumps([*(before if isinstance(before, list) else []), *told])


def _amended(mask: Mask, value: Any, path: list[Any]) -> Any:
    """Mask one amendment: under its own name, for a name may tell a secret."""
    *before, last = path
    name = last if isinstance(last, str) else "value"
    made, _ = mask.value({name: value}, ".".join(map(str, ["run", *before])))
    return made.get(name) if isinstance(made, dict) else made
