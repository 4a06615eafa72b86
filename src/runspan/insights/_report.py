"""What is told about many runs. Knows nothing of how it is found or shown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "Choice",
    "Confidence",
    "CostlyDecision",
    "Finding",
    "FindingKind",
    "GoalRate",
    "Insights",
    "Period",
    "Rate",
    "RepeatedFailure",
]


class FindingKind(StrEnum):
    """What kind of pattern was found."""

    LOW_SUCCESS = "low_success"
    """Decisions of one place (goal, node, type, option) fail more often than all others."""
    BETTER_OPTION = "better_option"
    """The option chosen most fails more often than another one of the same decision."""
    TIED_ERROR = "tied_error"
    """An error comes nearly always from one place."""
    FAILING_RUNS = "failing_runs"
    """A goal's runs fail although their decisions succeed, more often than those of other goals."""
    OVERCONFIDENT = "overconfident"
    """Options succeed less often than the confidence they were given."""
    UNDERCONFIDENT = "underconfident"
    """Options succeed more often than the confidence they were given."""
    WORSENING = "worsening"
    """Success falls over time."""
    IMPROVING = "improving"
    """Success rises over time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One pattern that chance does not explain."""

    kind: FindingKind
    """What was found."""
    place: dict[str, str]
    """Where: any of `goal`, `node`, `decision_type`, `intent`, `option`; empty if everywhere."""
    rate: float
    """Success rate there, or the share of an error that comes from there; at the end, if it is about time."""
    baseline: float
    """What it is compared with: elsewhere, of the other option, as was expected, or at the beginning."""
    count: int
    """How many outcomes (errors, runs) it is about."""
    deviations: float
    """By how many standard deviations it differs; chance alone finds one in 1 of 1,000 searches."""
    better_option: str | None = None
    """For `better_option`: the one that works."""
    error: str | None = None
    """The error that most failures there have in common, without numbers and ids."""
    confidences: tuple[tuple[float, float], ...] = ()
    """For confidence: from where to where."""
    text: str = ""
    """The same as a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How often decisions of one kind succeed."""

    place: dict[str, str]
    """What they have in common: any of `goal`, `node`, `decision_type`, `option`."""
    decisions: int
    """How many there were."""
    outcomes: int
    """How many of them have an outcome."""
    successes: int
    """How many outcomes were successes."""
    rate: float | None
    """Successes over outcomes; None without any."""
    low: float
    """Lower end of its 95 % Wilson interval; outcomes of one run count as one trial."""
    high: float
    """Upper end."""
    is_small: bool
    """Whether there are too few outcomes to say much: fewer than 20 trials."""
    mean_tokens: float
    """Tokens per outcome."""
    mean_latency_ms: float
    """Milliseconds per outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalRate:
    """How often a goal's runs complete."""

    goal: str
    """The goal."""
    runs: int
    """How many there were."""
    ended: int
    """How many of them came to an end of their own: completed, failed or stuck."""
    completed: int
    """How many of those completed."""
    rate: float | None
    """Completed over ended; None without any."""
    low: float
    """Lower end of its 95 % Wilson interval."""
    high: float
    """Upper end."""
    is_small: bool
    """Whether there are too few to say much: fewer than 20."""
    decisions: Rate
    """Its decisions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is chosen in one kind of decision, and what works."""

    node: str
    """Its node."""
    intent: str
    """What is decided, without numbers and ids."""
    chosen: Rate
    """The option chosen most."""
    best: Rate | None
    """The option with the best success rate among those with enough outcomes; None where fewer than two have."""
    is_better: bool
    """Whether `best` beats `chosen` by more than chance, goals and decision types compared with their like."""
    options: int
    """How many options have been chosen at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedFailure:
    """Failures that say the same, ids, numbers and times left out."""

    error: str
    """What they say, without these."""
    example: str
    """What one of them said."""
    count: int
    """How many."""
    runs: int
    """In how many runs."""
    common: dict[str, str]
    """What at least nine in ten have in common: any of `goal`, `node`, `decision_type`, `intent`, `option`."""
    nodes: tuple[tuple[str, int], ...]
    """The nodes they come from, the most frequent first."""
    examples: tuple[tuple[str, str], ...]
    """Run id and decision id of a few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """How often options of similar confidence succeed."""

    low: float
    """Confidence from here."""
    high: float
    """Up to there, which is included for the last one only."""
    outcomes: int
    """How many outcomes."""
    mean: float
    """Mean confidence."""
    rate: float
    """Success rate."""
    rate_low: float
    """Lower end of its 95 % Wilson interval."""
    rate_high: float
    """Upper end."""
    is_small: bool
    """Whether there are too few to say much: fewer than 20."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostlyDecision:
    """One decision among the slowest or the most expensive."""

    run_id: str
    """Its run."""
    decision_id: str
    """Its id."""
    goal: str
    """Its run's goal."""
    node: str
    """Its node."""
    intent: str
    """What was decided, without numbers and ids."""
    option: str
    """The option chosen."""
    value: int
    """Milliseconds or tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Runs that started within one period."""

    start: str
    """When it begins, UTC."""
    runs: int
    """Runs that came to an end of their own."""
    run_rate: float | None
    """How many of them completed."""
    outcomes: int
    """Outcomes of their decisions."""
    rate: float | None
    """How many of them were successes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Insights:
    """What is told about a selection of runs."""

    runs: int
    """How many were looked at."""
    decisions: int
    """How many decisions they made."""
    overall: Rate
    """All decisions together."""
    statuses: dict[str, int]
    """Runs by status."""
    findings: tuple[Finding, ...]
    """Patterns that chance does not explain, the clearest first."""
    goals: tuple[GoalRate, ...]
    """Each goal, the one with the most runs first."""
    nodes: tuple[Rate, ...]
    """Each node."""
    decision_types: tuple[Rate, ...]
    """Each decision type."""
    options: tuple[Rate, ...]
    """Each option that was chosen, by node."""
    choices: tuple[Choice, ...]
    """Option chosen versus option that works, the most frequent decision first."""
    failures: tuple[RepeatedFailure, ...]
    """What fails in the same way in more than one run, the most frequent first."""
    confidences: tuple[Confidence, ...]
    """Confidence against success, in steps of a tenth."""
    confidence_not_given: int
    """Outcomes of options whose confidence is exactly 0.5, which is what the format says where none was given."""
    slowest: tuple[CostlyDecision, ...]
    """The decisions that took longest."""
    most_expensive: tuple[CostlyDecision, ...]
    """The decisions that took most tokens."""
    period_s: int
    """Length of the periods in seconds."""
    periods: tuple[Period, ...]
    """Trend over time."""
    notes: tuple[str, ...]
    """What bounds have left out."""
