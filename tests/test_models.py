"""The models: names, defaults and behaviour of the native format, and load and save without a changed byte."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

import runspan
from runspan import Decision, DecisionEvaluation, Option, Outcome, Problem, Run, RunMetrics, RunStatus, RunSummary
from runspan.native import (
    DECISION_FIELDS,
    EVALUATION_FIELDS,
    METRICS_FIELDS,
    OPTION_FIELDS,
    OUTCOME_FIELDS,
    PROBLEM_FIELDS,
    RUN_FIELDS,
    SUMMARY_FIELDS,
    derive_run,
)
from runspan.values import dumps, loads

FIXTURES = sorted(Path(__file__).parent.glob("native-fixtures/*/runs/*.json"))


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.parents[1].name + path.stem[-9:])
def test_load_then_save_gives_the_same_bytes(path: Path) -> None:
    """For files of the original, once and again."""
    once = Run.model_validate_json(path.read_bytes())
    twice = Run.model_validate_json(once.model_dump_json(indent=2))

    assert path.read_bytes() == once.model_dump_json(indent=2).encode()
    assert path.read_bytes() == twice.model_dump_json(indent=2).encode()
    assert once == twice


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.parents[1].name + path.stem[-9:])
def test_summary_is_the_originals(path: Path) -> None:
    """from_run makes the bytes that the original made."""
    summary = RunSummary.from_run(Run.model_validate_json(path.read_bytes()))

    assert (path.parents[1] / "summaries" / path.name).read_bytes() == summary.model_dump_json(indent=2).encode()


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (Run, RUN_FIELDS),
        (Decision, DECISION_FIELDS),
        (Option, OPTION_FIELDS),
        (Outcome, OUTCOME_FIELDS),
        (DecisionEvaluation, EVALUATION_FIELDS),
        (Problem, PROBLEM_FIELDS),
        (RunMetrics, METRICS_FIELDS),
        (RunSummary, SUMMARY_FIELDS),
    ],
)
def test_fields_stand_in_the_formats_order(model: type[pydantic.BaseModel], fields: tuple[str, ...]) -> None:
    """The models and the tables of the format agree."""
    assert fields == tuple(model.model_fields)


def test_files_with_doubled_keys_are_read_and_written_once() -> None:
    """The original wrote computed fields twice when it saved what it had loaded."""
    data = FIXTURES[0].read_bytes()
    doubled = data[: data.rindex(b"\n}")] + b',\n  "duration_ms": 0\n}'

    assert data == Run.model_validate_json(doubled).model_dump_json(indent=2).encode()


def test_unknown_fields_are_kept_in_order_before_computed_ones() -> None:
    """Read from a file or set later, on every model."""
    run = Run.model_validate({"id": "r", "goal_id": "g", "zeta": 1, "duration_ms": 99, "alpha": {"b": 2}})
    run.omega = [3]  # type: ignore[attr-defined]
    names = list(run.model_dump())

    assert [*RUN_FIELDS, "zeta", "alpha", "omega", "duration_ms"] == names
    assert 0 == run.duration_ms
    for model in (Option, Outcome, DecisionEvaluation, Problem, RunMetrics, RunSummary, Decision):
        assert "allow" == model.model_config["extra"]


def test_new_models_have_the_formats_defaults() -> None:
    """What is not given is what the format says."""
    decision = Decision(id="dec_0", node_id="n", intent="i")
    run = Run(id="r", goal_id="g")

    assert ("custom", [], "", [], {}) == (
        decision.decision_type,
        decision.options,
        decision.chosen_option_id,
        decision.active_constraints,
        decision.input_context,
    )
    assert ("unknown", 0.5) == (Option(id="a", description="").action_type, Option(id="a", description="").confidence)
    assert (RunStatus.RUNNING, None, "", 0) == (run.status, run.completed_at, run.narrative, run.duration_ms)
    assert UTC == run.started_at.tzinfo
    assert (True, 1.0, None) == (
        DecisionEvaluation().goal_aligned,
        DecisionEvaluation().outcome_quality,
        DecisionEvaluation().contributed_to_success,
    )


def test_bounds_are_the_formats() -> None:
    """Scores go from 0 to 1; confidence is not bounded."""
    assert 7.5 == Option(id="a", description="", confidence=7.5).confidence
    for field in ("alignment_score", "outcome_quality"):
        with pytest.raises(pydantic.ValidationError):
            DecisionEvaluation.model_validate({field: 1.5})


def test_run_counts_what_it_is_given() -> None:
    """add_decision, record_outcome, add_problem and complete, as the original."""
    run = Run(id="r", goal_id="g")
    for number, node in enumerate(["b", "a", "b"]):
        run.add_decision(Decision(id=f"dec_{number}", node_id=node, intent=f"i{number}"))
    run.record_outcome("dec_0", Outcome(success=True, tokens_used=3, latency_ms=4))
    run.record_outcome("dec_1", Outcome(success=False, tokens_used=5))
    problem_ids = [run.add_problem("critical", "bad", "dec_1"), run.add_problem("minor", "meh")]
    run.complete(RunStatus.FAILED)

    metrics = run.metrics
    assert (3, 1, 1, 8, 4) == (
        metrics.total_decisions,
        metrics.successful_decisions,
        metrics.failed_decisions,
        metrics.total_tokens,
        metrics.total_latency_ms,
    )
    assert ["b", "a"] == metrics.nodes_executed
    assert ["prob_0", "prob_1"] == problem_ids
    assert 1 / 3 == metrics.success_rate
    assert run.completed_at is not None
    assert run.narrative.endswith("Critical issues: bad Failed on: i1, i2")


def test_second_outcome_does_not_count_twice() -> None:
    """The first stands, the second is a warning that holds it; one for nobody too."""
    run = Run(id="r", goal_id="g")
    run.add_decision(Decision(id="dec_0", node_id="n", intent="i"))
    for decision_id, tokens in (("dec_0", 1), ("dec_0", 10), ("dec_9", 100)):
        run.record_outcome(decision_id, Outcome(success=True, tokens_used=tokens))

    assert (1, 1) == (run.metrics.total_tokens, run.metrics.successful_decisions)
    assert [("warning", "dec_0"), ("warning", "dec_9")] == [
        (problem.severity, problem.decision_id) for problem in run.problems
    ]
    assert [10, 100] == [problem.outcome.tokens_used for problem in run.problems]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("success", "evaluation", "good"),
    [
        (None, None, False),
        (True, None, True),
        (True, {"outcome_quality": 0.5}, False),
        (False, {"outcome_quality": 0.51}, True),
        (True, {"goal_aligned": False}, False),
    ],
    ids=range(5),
)
def test_good_decisions(success: bool | None, evaluation: dict[str, Any] | None, good: bool) -> None:  # noqa: FBT001
    """Without evaluation: successful; with one: aligned and of quality above 0.5."""
    decision = Decision.model_validate(
        {
            "id": "d",
            "node_id": "n",
            "intent": "i",
            "outcome": None if success is None else {"success": success},
            "evaluation": evaluation,
        }
    )

    assert good == decision.was_good_decision
    assert (success is True) == decision.was_successful


def test_duration_counts_whole_milliseconds() -> None:
    """Naive and aware mixed, and never negative."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    run = Run(id="r", goal_id="g", started_at=start, completed_at=start + timedelta(microseconds=1_999))
    backwards = Run(id="r", goal_id="g", started_at=start, completed_at=start - timedelta(seconds=1))
    mixed = Run(id="r", goal_id="g", started_at=start, completed_at=datetime(2026, 1, 2, 12))  # noqa: DTZ001

    assert (1, 0) == (run.duration_ms, backwards.duration_ms)
    assert mixed.duration_ms > 0


WORDS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner),
    max_leaves=8,
)


@given(result=PLAIN, extra=PLAIN, error=st.none() | WORDS)
def test_models_and_plain_functions_compute_the_same(result: Any, extra: Any, error: str | None) -> None:
    """A run made of plain data is, byte for byte, what the model makes of it."""
    outcome = Outcome(success=error is None, result=result, error=error)
    run = Run(id="r", goal_id="g", decisions=[Decision(id="dec_0", node_id="n", intent="i", outcome=outcome)])
    run.decisions[0].extra = extra  # type: ignore[attr-defined]
    data = run.model_dump_json(indent=2).encode()
    plain: Any = loads(data)

    assert data == dumps(derive_run(plain), indent=True)
    assert run == Run.model_validate(loads(data))


def test_everything_imports_from_runspan() -> None:
    """All names of the native API, and the enums are texts."""
    assert ("completed", "custom") == (str(runspan.RunStatus.COMPLETED), str(runspan.DecisionType.CUSTOM))
    assert isinstance(runspan.RunStatus.COMPLETED, str)
    assert all(hasattr(runspan, name) for name in runspan.__all__)
