"""The native format as pydantic models: what a run file holds, with names to work with. Knows no file and no span.

All models accept, keep and let set unknown fields. Computed fields are written after the stored and the unknown ones,
and left out when a file is read, so that load and save give the same bytes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict, Field, computed_field, model_validator

from runspan.native import (
    COMPUTED_DECISION,
    COMPUTED_METRICS,
    COMPUTED_RUN,
    DecisionType,
    RunStatus,
    default_narrative,
    one_line,
    success_rate,
    summarize,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Decision",
    "DecisionEvaluation",
    "Option",
    "Outcome",
    "Problem",
    "Run",
    "RunMetrics",
    "RunSummary",
]

_GOOD_QUALITY: Final = 0.5
_MILLISECOND: Final = timedelta(milliseconds=1)


def _now() -> datetime:
    return datetime.now(UTC)


def _without(names: tuple[str, ...]) -> Callable[[Any], Any]:
    """Return a validator that leaves computed fields out of what is read."""

    def leave_out(data: Any) -> Any:
        if isinstance(data, dict) and not data.keys().isdisjoint(names):
            return {name: value for name, value in data.items() if name not in names}
        return data

    return leave_out


def _plain(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", fallback=repr, warnings=False)


class _Model(BaseModel):
    model_config = ConfigDict(extra="allow")


class Option(_Model):
    """Something the agent could do."""

    id: str
    """Id within its decision."""
    description: str
    """What it is."""
    action_type: str = "unknown"
    """Kind of action."""
    action_params: dict[str, Any] = Field(default_factory=dict)
    """Parameters of the action."""
    pros: list[str] = Field(default_factory=list)
    """What speaks for it."""
    cons: list[str] = Field(default_factory=list)
    """What speaks against it."""
    confidence: float = 0.5
    """How sure the agent was; not bounded."""


class Outcome(_Model):
    """What became of a decision."""

    success: bool
    """Whether it worked."""
    result: Any = None
    """What came out, any JSON."""
    error: str | None = None
    """What went wrong."""
    state_changes: dict[str, Any] = Field(default_factory=dict)
    """What changed."""
    tokens_used: int = 0
    """Tokens spent."""
    latency_ms: int = 0
    """Time taken, in milliseconds."""
    summary: str = ""
    """The result in one sentence."""
    timestamp: datetime = Field(default_factory=_now)
    """When it was recorded."""


class DecisionEvaluation(_Model):
    """How good a decision was, judged later."""

    goal_aligned: bool = True
    """Whether it served the goal."""
    alignment_score: float = Field(default=1.0, ge=0.0, le=1.0)
    """How well, 0 to 1."""
    better_option_existed: bool = False
    """Whether another option would have been better."""
    better_option_id: str | None = None
    """Which one."""
    why_better: str | None = None
    """Why."""
    outcome_quality: float = Field(default=1.0, ge=0.0, le=1.0)
    """How good the outcome was, 0 to 1."""
    contributed_to_success: bool | None = None
    """Whether it helped the run."""
    explanation: str = ""
    """The judgement in words."""


class Decision(_Model):
    """A choice: what there was to choose from, what was chosen, why, and what became of it."""

    id: str
    """`dec_0`, `dec_1`, … within its run."""
    timestamp: datetime = Field(default_factory=_now)
    """When it was made."""
    node_id: str
    """Part of the agent that decided."""
    intent: str
    """What the agent wanted."""
    decision_type: DecisionType = DecisionType.CUSTOM
    """What kind of choice it was."""
    options: list[Option] = Field(default_factory=list)
    """What it could do."""
    chosen_option_id: str = ""
    """Id of the option it took."""
    reasoning: str = ""
    """Why."""
    active_constraints: list[str] = Field(default_factory=list)
    """What limited the choice."""
    input_context: dict[str, Any] = Field(default_factory=dict)
    """What the agent knew."""
    outcome: Outcome | None = None
    """What became of it."""
    evaluation: DecisionEvaluation | None = None
    """How good it was."""

    _leave_out = model_validator(mode="before")(_without(COMPUTED_DECISION))

    @computed_field  # type: ignore[prop-decorator]
    @property
    def chosen_option(self) -> Option | None:
        """The option with the chosen id, or None."""
        return next((option for option in self.options if option.id == self.chosen_option_id), None)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def was_successful(self) -> bool:
        """Whether there is an outcome and it succeeded."""
        return self.outcome is not None and self.outcome.success

    @computed_field  # type: ignore[prop-decorator]
    @property
    def was_good_decision(self) -> bool:
        """Without evaluation `was_successful`; with one whether it was aligned and its outcome good enough."""
        if self.evaluation is None:
            return self.was_successful
        return self.evaluation.goal_aligned and self.evaluation.outcome_quality > _GOOD_QUALITY

    def summary_for_builder(self) -> str:
        """Return the decision in one line: `✓ [node] intent → description of the chosen option`."""
        return one_line(_plain(self))


class Problem(_Model):
    """Something that went wrong or may go wrong."""

    id: str
    """`prob_0`, `prob_1`, … within its run."""
    severity: str
    """critical, warning or minor."""
    description: str
    """What is wrong."""
    root_cause: str | None = None
    """Why."""
    decision_id: str | None = None
    """The decision it is about."""
    timestamp: datetime = Field(default_factory=_now)
    """When it was reported."""
    suggested_fix: str | None = None
    """What to do."""


class RunMetrics(_Model):
    """What a run adds up to."""

    total_decisions: int = 0
    """Decisions made."""
    successful_decisions: int = 0
    """Decisions whose outcome succeeded."""
    failed_decisions: int = 0
    """Decisions whose outcome failed."""
    total_tokens: int = 0
    """Tokens spent."""
    total_latency_ms: int = 0
    """Milliseconds taken."""
    nodes_executed: list[str] = Field(default_factory=list)
    """Nodes that decided, in the order of their first decision."""
    edges_traversed: list[str] = Field(default_factory=list)
    """Edges between nodes, as the agent names them."""

    _leave_out = model_validator(mode="before")(_without(COMPUTED_METRICS))

    @computed_field  # type: ignore[prop-decorator]
    @property
    def success_rate(self) -> float:
        """Successful over all decisions, 0.0 without decisions."""
        return success_rate(
            {"total_decisions": self.total_decisions, "successful_decisions": self.successful_decisions}
        )


class Run(_Model):
    """One attempt of an agent at a goal."""

    id: str
    """`run_YYYYMMDD_HHMMSS_` and 8 hex digits."""
    goal_id: str
    """What it was for."""
    started_at: datetime = Field(default_factory=_now)
    """When it began."""
    status: RunStatus = RunStatus.RUNNING
    """Where it stands."""
    completed_at: datetime | None = None
    """When it ended."""
    decisions: list[Decision] = Field(default_factory=list)
    """In the order in which they were made."""
    problems: list[Problem] = Field(default_factory=list)
    """In the order in which they were reported."""
    metrics: RunMetrics = Field(default_factory=RunMetrics)
    """What it adds up to."""
    narrative: str = ""
    """What happened, in words."""
    goal_description: str = ""
    """The goal in words."""
    input_data: dict[str, Any] = Field(default_factory=dict)
    """What the agent was given."""
    output_data: dict[str, Any] = Field(default_factory=dict)
    """What came out."""

    _leave_out = model_validator(mode="before")(_without(COMPUTED_RUN))

    @computed_field  # type: ignore[prop-decorator]
    @property
    def duration_ms(self) -> int:
        """Whole milliseconds from start to end, 0 while open; a naive timestamp counts as local time."""
        if self.completed_at is None:
            return 0
        lasted = _aware(self.completed_at) - _aware(self.started_at)
        return max(0, lasted // _MILLISECOND)

    def add_decision(self, decision: Decision) -> None:
        """Append a decision, count it and note its node."""
        self.decisions.append(decision)
        self.metrics.total_decisions += 1
        if decision.node_id not in self.metrics.nodes_executed:
            self.metrics.nodes_executed.append(decision.node_id)

    def record_outcome(self, decision_id: str, outcome: Outcome) -> None:
        """Give a decision its outcome and count it.

        The first outcome stands: a second one, and one for a decision that is not there, is kept whole in the field
        `outcome` of a warning problem.
        """
        decision = next((decision for decision in self.decisions if decision.id == decision_id), None)
        if decision is None or decision.outcome is not None:
            what = "an outcome for an unknown decision" if decision is None else "a second outcome for decision"
            self.add_problem("warning", f"runspan was given {what}: {decision_id}", decision_id)
            self.problems[-1].outcome = outcome  # type: ignore[attr-defined]
            return
        decision.outcome = outcome
        if outcome.success:
            self.metrics.successful_decisions += 1
        else:
            self.metrics.failed_decisions += 1
        self.metrics.total_tokens += outcome.tokens_used
        self.metrics.total_latency_ms += outcome.latency_ms

    def add_problem(
        self,
        severity: str,
        description: str,
        decision_id: str | None = None,
        root_cause: str | None = None,
        suggested_fix: str | None = None,
    ) -> str:
        """Append a problem; return its id, `prob_0`, `prob_1`, …."""
        problem = Problem(
            id=f"prob_{len(self.problems)}",
            severity=severity,
            description=description,
            decision_id=decision_id,
            root_cause=root_cause,
            suggested_fix=suggested_fix,
        )
        self.problems.append(problem)
        return problem.id

    def complete(self, status: RunStatus, narrative: str = "") -> None:
        """Set status, end and narrative; a default narrative is made where none is given."""
        self.status = status
        self.completed_at = _now()
        self.narrative = narrative or default_narrative(_plain(self))


class RunSummary(_Model):
    """A run on half a page."""

    run_id: str
    """The run's id."""
    goal_id: str
    """What it was for."""
    status: RunStatus
    """Where it stands."""
    duration_ms: int = 0
    """Whole milliseconds."""
    decision_count: int = 0
    """Decisions made."""
    success_rate: float = 0.0
    """Successful over all decisions."""
    problem_count: int = 0
    """Problems reported."""
    narrative: str = ""
    """What happened, in words."""
    key_decisions: list[str] = Field(default_factory=list)
    """The first five that did not succeed, or succeeded with a high quality, one line each."""
    critical_problems: list[str] = Field(default_factory=list)
    """Descriptions."""
    warnings: list[str] = Field(default_factory=list)
    """Descriptions."""
    successes: list[str] = Field(default_factory=list)
    """Summaries of the first three outcomes that succeeded."""

    @classmethod
    def from_run(cls, run: Run) -> RunSummary:
        """Return the summary of a run."""
        return cls.model_validate(summarize(_plain(run)))


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.astimezone()
