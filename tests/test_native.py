"""The native format: a reader made from its description alone reads what we write; computed fields follow the rules."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runspan.native import (
    default_narrative,
    derive_run,
    format_timestamp,
    one_line,
    parse_timestamp_ns,
    summarize,
)
from runspan.testing import CapturedRuns
from runspan.values import dumps, loads
from tests.backends.scenarios import SCENARIOS
from tests.plain_reader import check_run, check_summary, read_index, read_run

if TYPE_CHECKING:
    from collections.abc import Iterator

FIXTURES = sorted(Path(__file__).parent.glob("native-fixtures/*/runs/*.json"))


def fixture_id(path: Path) -> str:
    """Name a fixture by its folder."""
    return path.parents[1].name + path.stem[-9:]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_plain_reader_reads_what_we_write(tmp_path: Path, scenario: str) -> None:
    """Run, summary and indexes, of every kind of run, wrong types included."""
    runs = CapturedRuns(tmp_path, agent_name="tester")
    run_id = SCENARIOS[scenario](runs.runtime)

    run = read_run(tmp_path, run_id)
    check_summary(json.loads((tmp_path / "summaries" / f"{run_id}.json").read_bytes()))
    assert [run_id] == read_index(tmp_path, "by_goal", run["goal_id"])
    assert [run_id] == read_index(tmp_path, "by_status", run["status"])
    for node in run["metrics"]["nodes_executed"]:
        assert [run_id] == read_index(tmp_path, "by_node", node)


@pytest.mark.parametrize("path", FIXTURES, ids=fixture_id)
def test_plain_reader_reads_the_originals_files(path: Path) -> None:
    """So it is a fair judge of ours."""
    check_run(json.loads(path.read_bytes()))
    check_summary(json.loads((path.parents[1] / "summaries" / path.name).read_bytes()))


@pytest.mark.parametrize("path", FIXTURES, ids=fixture_id)
def test_computed_fields_are_the_originals(path: Path) -> None:
    """Taken out and computed anew they give the same bytes."""
    run: Any = loads(path.read_bytes())
    run.pop("duration_ms")
    run["metrics"].pop("success_rate")
    for decision in run["decisions"]:
        for name in ("chosen_option", "was_successful", "was_good_decision"):
            decision.pop(name)

    assert path.read_bytes() == dumps(derive_run(run), indent=True)


@pytest.mark.parametrize("path", FIXTURES, ids=fixture_id)
def test_summary_and_narrative_are_the_originals(path: Path) -> None:
    """The summary's bytes, and the default narrative where the original made it."""
    run: Any = loads(path.read_bytes())

    assert (path.parents[1] / "summaries" / path.name).read_bytes() == dumps(summarize(run), indent=True)
    if run["narrative"].startswith("Run "):
        assert run["narrative"] == default_narrative(run)


def test_narrative_names_problems_and_failures() -> None:
    """Critical issues, warnings, and the first three decisions that did not succeed."""
    decisions = [{"intent": f"i{number}", "outcome": None} for number in range(5)]
    problems = [
        {"severity": severity, "description": description}
        for severity, description in [("critical", "a"), ("warning", "c"), ("critical", "b"), ("minor", "d")]
    ]
    metrics = {"total_decisions": 5, "successful_decisions": 0, "failed_decisions": 0}
    run = {"status": "stuck", "decisions": decisions, "problems": problems, "metrics": metrics}

    assert default_narrative(run) == (
        "Run failed. Made 5 decisions: 0 succeeded, 0 failed. Critical issues: a, b Warnings: c Failed on: i0, i1, i2"
    )


def test_one_line_of_a_decision() -> None:
    """Mark, node, intent, choice, and the quality where there is an evaluation."""
    decision = {
        "node_id": "n",
        "intent": "i",
        "options": [{"id": "a", "description": "A"}],
        "chosen_option_id": "a",
        "outcome": {"success": True},
        "evaluation": {"outcome_quality": 0.86},
    }

    assert one_line(decision) == "✓ [n] i → A [quality: 0.9]"
    assert one_line(decision | {"chosen_option_id": "z", "outcome": None, "evaluation": None}) == (
        "✗ [n] i → unknown action"
    )


def test_key_decisions_are_failures_and_the_best() -> None:
    """The first five that failed, or succeeded with a quality above 0.8."""
    qualities = [0.8, 0.81, None, 0.9]
    decisions = [
        {"intent": str(quality), "outcome": {"success": True}, "evaluation": quality and {"outcome_quality": quality}}
        for quality in qualities
    ] + [{"intent": f"failed {number}", "outcome": None} for number in range(6)]
    summary = summarize({"decisions": decisions})

    assert [line.split(" ")[2] for line in summary["key_decisions"]] == ["0.81", "0.9", "failed", "failed", "failed"]


@given(st.datetimes(min_value=datetime(1970, 1, 2), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants it naive
def test_timestamps_are_written_as_pydantic_does(moment: datetime) -> None:
    """Whole years of microseconds, and back."""
    import pydantic_core  # noqa: PLC0415

    unix_us = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    assert pydantic_core.to_json(moment).decode() == f'"{format_timestamp(unix_us)}"'
    assert unix_us * 1_000 == parse_timestamp_ns(format_timestamp(unix_us))


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine in another time zone."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
def test_naive_timestamp_counts_as_local_time() -> None:
    """As the original wrote them."""
    summer, winter = "2026-07-01T12:00:00", "2026-12-01T12:00:00"

    assert parse_timestamp_ns(summer) == parse_timestamp_ns("2026-07-01T10:00:00Z")
    assert parse_timestamp_ns(winter) == parse_timestamp_ns("2026-12-01T11:00:00Z")


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01T00:00:00", None, 5, "9999-99"])
def test_what_is_no_timestamp(text: object) -> None:
    """Is None, never an exception."""
    assert parse_timestamp_ns(text) is None


@pytest.mark.parametrize(
    "run", [{}, {"decisions": None, "problems": 3, "metrics": []}, {"decisions": [None, {}, 5], "metrics": "x"}]
)
def test_hand_edited_files_are_tolerated(run: dict[str, Any]) -> None:
    """Missing and null fields count as their defaults."""
    derived = derive_run(json.loads(json.dumps(run)))

    assert 0 == derived["duration_ms"]
    assert (0.0, 0) == (summarize(derived)["success_rate"], summarize(derived)["problem_count"])
