"""The truth about one open run: every call's JSON in the order of the calls, and the Run they add up to.

Knows no span, no file and no clock. As long as nobody looks, the lines are all there is; once somebody has looked, the
pydantic model is the truth, because the agent may change it.
"""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast

from runspan.native import (
    count_decision,
    count_outcome,
    default_narrative,
    derive_run,
    new_metrics,
)
from runspan.values import dumps, loads, to_json_value

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from runspan.models import Run
    from runspan.record._parts import RunParts, Stamp

__all__ = ["FinishedRun", "RunRecord", "metrics_of"]

_NOT_CONTAINED: Final = nullcontext()


class FinishedRun:
    """A Run that has ended: what the file holds, and what the spans alone would give."""

    __slots__ = ("data", "native", "recorded")

    def __init__(self, native: dict[str, Any], recorded: dict[str, Any]) -> None:
        """Encode the file once.

        Args:
            native: The Run as the file has it.
            recorded: The Run as the calls alone make it; the same object unless the agent changed the model.
        """
        self.native = native
        self.recorded = recorded
        self.data = dumps(native, indent=True)

    @property
    def is_amended(self) -> bool:
        """Whether the agent looked at the model, and may have changed it."""
        return self.recorded is not self.native


class RunRecord:
    """What was recorded of one run so far. Not thread-safe: its run guards it."""

    def __init__(self, start: RunParts, contained: AbstractContextManager[object] = _NOT_CONTAINED) -> None:
        """Begin with no decisions.

        Args:
            start: What is known at the start; `extra` may still change until the first line is read.
            contained: Entered where a line goes into the model, which the agent may have made anything of.
        """
        self.start = start
        self._contained = contained
        self._decisions: list[bytes] = []
        self._outcomes: list[bytes | None] = []  # each at its decision's place; a dict would take far more
        self._problems: list[bytes] = []
        self._model: Run | None = None

    def __repr__(self) -> str:
        """Show the id and counts, never content."""
        return f"<RunRecord {self.start.id}, {len(self._decisions)} decisions, {len(self._problems)} problems>"

    def next_decision(self) -> tuple[str, int]:
        """Return the id of the next decision, and its place among those recorded by calls.

        Their numbers differ once the agent has added some of its own to the model.
        """
        place = len(self._decisions)
        return f"dec_{place if self._model is None else self.count_of_decisions()}", place

    def next_problem(self) -> tuple[str, int]:
        """Return the id of the next problem, and its place among those recorded by calls."""
        place = len(self._problems)
        return f"prob_{place if self._model is None else max(place, _length(self._model, 'problems'))}", place

    def count_of_decisions(self) -> int:
        """Return how many decisions there are, those included that the agent has added to the model."""
        return max(len(self._decisions), _length(self._model, "decisions"))

    def add_decision(self, line: bytes) -> None:
        """Add a Decision, given as native JSON."""
        self._decisions.append(_just_that(line))
        self._outcomes.append(None)
        if self._model is not None:
            from runspan.models import Decision  # noqa: PLC0415 - loaded already, somebody looked

            with self._contained:
                self._model.add_decision(Decision.model_validate(loads(line)))

    def add_outcome(self, position: int, decision_id: str, line: bytes) -> None:
        """Add the Outcome of the decision that was added as number `position`, given as native JSON."""
        self._outcomes[position] = _just_that(line)
        if self._model is not None:
            from runspan.models import Outcome  # noqa: PLC0415 - as above

            with self._contained:
                self._model.record_outcome(decision_id, Outcome.model_validate(loads(line)))

    def add_problem(self, line: bytes) -> None:
        """Add a Problem, given as native JSON."""
        self._problems.append(_just_that(line))
        if self._model is not None:
            from runspan.models import Problem  # noqa: PLC0415 - as above

            with self._contained:
                self._model.problems.append(Problem.model_validate(loads(line)))

    @property
    def decision_count(self) -> int:
        """Decisions recorded by calls."""
        return len(self._decisions)

    def forget_model(self) -> None:
        """Take the lines for the truth again."""
        self._model = None

    def model(self) -> Run:
        """Return the Run in progress as a model; from now on the model is the truth."""
        if self._model is None:
            from runspan.models import Run  # noqa: PLC0415 - pydantic loads when somebody looks

            self._model = Run.model_validate(derive_run(self._recorded()))
        return self._model

    def finish(self, status: str, completed: Stamp, narrative: str, output_data: bytes | None) -> FinishedRun:
        """Complete the Run.

        Args:
            status: One of RunStatus.
            completed: When.
            narrative: As the agent gave it; empty for the default one.
            output_data: JSON object, or None where the agent gave none.

        Raises:
            Exception: The agent has changed the model into something that is no Run any more.
        """
        recorded = _complete(self._recorded(), status, completed.text, narrative, output_data)
        if self._model is None:
            return FinishedRun(recorded, recorded)
        model = self._model
        model.status = cast("Any", status)
        model.completed_at = datetime.fromisoformat(completed.text)
        native = _complete(_plain(model.model_dump(warnings=False)), status, completed.text, narrative, output_data)
        type(model).model_validate(native)
        return FinishedRun(native, recorded)

    def _recorded(self) -> dict[str, Any]:
        """Return the Run as the lines alone make it, open, without computed fields."""
        decisions = cast("list[dict[str, Any]]", loads(b"[" + b",".join(self._decisions) + b"]"))
        for decision, line in zip(decisions, self._outcomes, strict=True):
            if line is not None:
                decision["outcome"] = loads(line)
        start = self.start
        return {
            "id": start.id,
            "goal_id": start.goal_id,
            "started_at": start.started.text,
            "status": "running",
            "completed_at": None,
            "decisions": decisions,
            "problems": loads(b"[" + b",".join(self._problems) + b"]"),
            "metrics": metrics_of(decisions),
            "narrative": "",
            "goal_description": start.goal_description,
            "input_data": loads(start.input_data),
            "output_data": {},
        } | {name: loads(data) for name, data in start.extra.items()}


def _just_that(line: bytes) -> bytes:
    """Return a copy of just its size: what orjson gives holds 4 KiB at the least, however short it is."""
    return bytes(memoryview(line))


def _length(model: Run | None, name: str) -> int:
    items = getattr(model, name, None)
    return len(items) if isinstance(items, list) else 0


def metrics_of(decisions: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the RunMetrics that recording these native Decisions adds up to, stored fields only."""
    metrics = new_metrics()
    for decision in decisions:
        count_decision(metrics, decision["node_id"])
        if decision["outcome"] is not None:
            count_outcome(metrics, decision["outcome"])
    return metrics


def _complete(
    run: dict[str, Any], status: str, completed_at: str, narrative: str, output_data: bytes | None
) -> dict[str, Any]:
    run["status"] = status
    run["completed_at"] = completed_at
    if output_data is not None:
        run["output_data"] = loads(output_data)
    derive_run(run)
    run["narrative"] = narrative or default_narrative(run)
    return run


def _plain(run: dict[str, Any]) -> dict[str, Any]:
    """Make a dumped model plain JSON, each field bounded by itself as the calls bound theirs."""
    plain = {name: _bounded(value) for name, value in run.items() if name not in {"decisions", "problems"}}
    for name in ("decisions", "problems"):
        items = run.get(name)
        plain[name] = [_bounded_fields(item) for item in items] if isinstance(items, list) else []
    return {name: plain[name] for name in run}


def _bounded_fields(part: object) -> object:
    if not isinstance(part, dict):
        return _bounded(part)
    return {name: _nested(name, value) for name, value in part.items()}


def _nested(name: str, value: object) -> object:
    return _bounded_fields(value) if name in {"outcome", "evaluation"} else _bounded(value)


def _bounded(value: object) -> object:
    return to_json_value(value)
