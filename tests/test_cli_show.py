"""Parts of `runspan show`: one decision whole, all of them, and problems alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from runspan.cli import main
from runspan.storage import FileStorage
from runspan.testing import CapturedRuns

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

HOSTILE = "\x1b[31mred\x1b]0;title\x07 \u202egnp \x9b2J"


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    """A run of three decisions, one of which failed."""
    runtime = CapturedRuns(tmp_path).runtime
    options = [
        {"id": "pay", "description": "Pay it back", "pros": ["quick", "kind"], "action_params": {"eur": 129.9}},
        {"id": "ask", "description": "Ask a person", "cons": ["slow"]},
    ]
    with runtime.run("refund") as run:
        first = run.decide(
            "choose", options, "pay", "w" * 3_000, constraints=["below 150"], context={"a": [1, {"b": 2}]}
        )
        run.record_outcome(first, True, {"receipt": "r" * 3_000}, summary="paid")
        second = run.decide("tell", options, "ask", HOSTILE, context={"said": HOSTILE})
        run.record_outcome(second, False, error="line busy")
        run.report_problem("minor", "late", first)
        run.report_problem("critical", "not reached", second, root_cause="busy", suggested_fix="call again")
        run.decide("wait", options, "x" * 10, "")
    return tmp_path


def show(storage: Path, *words: str, **environment: Any) -> Result:
    """Run the command."""
    return CliRunner().invoke(
        main, ["show", "latest", "-s", str(storage), *words], env=environment, prog_name="runspan"
    )


@pytest.mark.parametrize("decision_id", ["dec_0", "0"])
def test_one_decision_is_shown_whole(storage: Path, decision_id: str) -> None:
    """Nothing of it is cut, and nothing of the others is there."""
    told = show(storage, "--decision", decision_id).stdout

    for part in ("w" * 3_000, "r" * 3_000, '"b": 2', "129.9", "+: quick", "+: kind", "below 150", "minor: late"):
        assert part in told
    assert "▶ pay" in told
    assert "line busy" not in told


def test_full_is_all_of_them(storage: Path) -> None:
    """Each with what is recorded of it."""
    told = show(storage, "--full").stdout

    assert all(part in told for part in ("w" * 3_000, "line busy", "? no outcome", "is none of the options"))


def test_problems_come_the_worst_first_with_what_failed(storage: Path) -> None:
    """And nothing else."""
    told = show(storage, "--problems").stdout

    assert told.index("critical: not reached") < told.index("minor: late")
    assert "fix: call again" in told
    assert "failed: dec_1 tell: line busy" in told
    assert "Pay it back" not in told


def test_hostile_texts_reach_no_terminal(storage: Path) -> None:
    """Escapes and marks are shown as what they are."""
    told = show(storage, "--decision", "1").stdout

    assert not [character for character in told if character in "\x1b\x07\x9b\u202e"]
    assert "\\x1b[31mred" in told
    assert "\\u202egnp" in told


def test_a_decision_that_is_not_there_is_refused(storage: Path) -> None:
    """With what there is, and what may have been meant."""
    refused = show(storage, "--decision", "dec_11")

    assert 2 == refused.exit_code
    assert "from dec_0 to dec_2" in refused.stderr
    assert "Did you mean" in refused.stderr


def test_run_without_anything_to_show(tmp_path: Path) -> None:
    """Is no fault."""
    with CapturedRuns(tmp_path).runtime.run("nothing"):
        pass

    assert FileStorage(tmp_path).list_all_runs()
    assert (0, "") == (show(tmp_path, "--full").exit_code, show(tmp_path, "--full").stdout)
    assert "0 problems" in show(tmp_path, "--problems").stdout
