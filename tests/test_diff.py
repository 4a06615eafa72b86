"""diff: decisions aligned by node and intent, what changed in each, and the command around it."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from runspan.cli import main
from runspan.diff import align, diff_runs
from runspan.native import derive_run
from runspan.storage import FileStorage
from runspan.values import dumps, loads
from tests.test_import import fixture_runs
from tests.traces import native_run

if TYPE_CHECKING:
    from pathlib import Path


def decided(*steps: str) -> list[dict[str, Any]]:
    """Decisions from texts: `node/intent` or `node/intent=chosen`."""
    return [
        {
            "id": f"dec_{number}",
            "node_id": step.partition("/")[0],
            "intent": step.partition("/")[2].partition("=")[0],
            "chosen_option_id": step.partition("=")[2],
        }
        for number, step in enumerate(steps)
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param("a/x b/y", "a/x b/y", [(0, 0), (1, 1)], id="same"),
        pytest.param("a/x b/y", "b/y a/x", [(1, 0), (0, 1)], id="moved"),
        pytest.param("a/x b/y", "a/x c/z b/y", [(0, 0), (None, 1), (1, 2)], id="added"),
        pytest.param("a/x c/z b/y", "a/x b/y", [(0, 0), (1, None), (2, 1)], id="removed"),
        pytest.param("a/x", "b/x", [(0, None), (None, 0)], id="another node"),
        pytest.param("a/order-7", "a/order-8", [(0, 0)], id="other numbers"),
        pytest.param("a/pay-back-now", "a/pay-back-later", [(0, 0)], id="close"),
        pytest.param("a/pay", "a/wait", [(0, None), (None, 0)], id="not close"),
        pytest.param("a/t=x a/t=y a/t=z", "a/t=y a/t=z", [(0, None), (1, 0), (2, 1)], id="loop, once less"),
        pytest.param("a/t=x a/t=y", "a/t=y a/t=x", [(0, 0), (1, 1)], id="loop, as often"),
        pytest.param("", "a/x", [(None, 0)], id="none before"),
    ],
)
def test_decisions_are_aligned(before: str, after: str, expected: list[Any]) -> None:
    """By node and intent, then by what comes close."""
    assert expected == align(decided(*before.split()), decided(*after.split()))


@given(
    before=st.lists(st.sampled_from(["a/x", "a/y", "b/x", "b/1", "b/2", "c/long enough", "c/long enuff"]), max_size=9),
    after=st.lists(st.sampled_from(["a/x", "a/y", "b/x", "b/2", "b/3", "c/long enuff"]), max_size=9),
)
def test_every_decision_is_told_once(before: list[str], after: list[str]) -> None:
    """And in the order of the second run."""
    pairs = align(decided(*before), decided(*after))
    others = [other for _, other in pairs if other is not None]

    assert list(range(len(before))) == sorted(one for one, _ in pairs if one is not None)
    assert list(range(len(after))) == others


def changed(**values: Any) -> dict[str, Any]:
    """A run in whose second decision these values are others; `outcome__error` goes down."""
    run = deepcopy(native_run(1))
    for path, value in values.items():
        target: Any = run["decisions"][1]
        *parents, last = path.split("__")
        for name in parents:
            target = target[name]
        target[last] = value
    return derive_run(run)


@pytest.mark.parametrize(
    ("values", "at"),
    [
        ({"chosen_option_id": "b"}, "chosen_option_id"),
        ({"reasoning": "other"}, "reasoning"),
        ({"decision_type": "delegation"}, "decision_type"),
        ({"active_constraints": ["d"]}, "active_constraints[0]"),
        ({"active_constraints": []}, "active_constraints"),
        ({"input_context__k": [1, 0]}, "input_context.k[1]"),
        ({"input_context__k": [True, None]}, "input_context.k[0]"),
        ({"outcome__success": False}, "outcome.success"),
        ({"outcome__result__n": 2}, "outcome.result.n"),
        ({"outcome__error": "timeout"}, "outcome.error"),
        ({"outcome__tokens_used": 4}, "outcome.tokens_used"),
        ({"outcome": None}, "outcome"),
        ({"evaluation": {"goal_aligned": False}}, "evaluation"),
        ({"team": "blue"}, "team"),
    ],
)
def test_what_changed_is_named_by_its_path(values: dict[str, Any], at: str) -> None:
    """And nothing else is."""
    told = diff_runs(native_run(1), changed(**values))

    assert [at] == [change.at for change in told.decisions[1].changes]
    assert [True, False, True] == [decision.is_same for decision in told.decisions]
    assert not told.is_same


def test_options_are_told_by_their_ids() -> None:
    """Not by their places."""
    before, after = native_run(1), native_run(1)
    extra = {**before["decisions"][0]["options"][0], "id": "b"}
    after["decisions"][0]["options"].insert(0, extra)
    after["decisions"][0]["options"][1]["confidence"] = 0.9
    [first, *_] = diff_runs(before, derive_run(after)).decisions

    assert ["options[a].confidence", "options[b]"] == [change.at for change in first.changes]


def test_ids_and_times_do_not_count() -> None:
    """Two runs never have the same; they are told beside."""
    text = dumps(native_run(1)).decode().replace("2026-11-23T12:00:02.000002Z", "2026-11-23T12:00:05Z")
    after = loads(text.replace('"latency_ms":5', '"latency_ms":9').replace("run_2026", "run_2027"))
    assert isinstance(after, dict)
    told = diff_runs(native_run(1), after)

    assert told.is_same
    assert (5, 9) == told.decisions[0].latency_ms
    assert (1_000, 4_000) == told.decisions[0].elapsed_ms


def test_moved_decisions_are_told() -> None:
    """Only those that left their place, not those that others were put before."""
    run = native_run(1, decisions=5)
    after = deepcopy(run)
    after["decisions"].insert(0, after["decisions"].pop(3))
    told = diff_runs(run, after)

    assert ["intent 3"] == [decision.intent for decision in told.decisions if decision.is_moved]
    assert not told.is_same


def test_runs_themselves_are_compared() -> None:
    """Status, output, problems."""
    before, after = native_run(1), native_run(1, status="failed", output_data={"a": 1})
    after["problems"][0]["severity"] = "critical"
    told = [change.at for change in diff_runs(before, after).changes]

    assert ["status", "output_data.a", "problems[warning: late]", "problems[critical: late]"] == told


def test_five_thousand_decisions_are_compared_in_seconds() -> None:
    """All of one node and intent, or all different."""
    before, after = native_run(1, decisions=5_000), native_run(1, decisions=4_990)
    random.Random(1).shuffle(after["decisions"])  # noqa: S311 - no secret
    told = diff_runs(before, after)
    for run in (before, after):
        for decision in run["decisions"]:
            decision["intent"] = "the same"

    assert 10 == sum(decision.after is None for decision in told.decisions)
    assert 5_000 == len(diff_runs(before, after).decisions)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))


@given(field=st.sampled_from(["decisions", "problems", "metrics", "status"]), value=JSON)
def test_hand_edited_runs_are_compared(field: str, value: Any) -> None:
    """Whatever stands where."""
    assert diff_runs(native_run(1) | {field: value}, native_run(1)).decisions is not None


def run(*words: object, **environment: str) -> Any:
    """Run the command."""
    return CliRunner().invoke(main, ["diff", *map(str, words)], env=environment, prog_name="runspan")


TEXT = """\
--- run_20261123_120000_00000001  completed  goal
+++ run_20261123_120000_00000002  completed  goal
  narrative: Run 1 → Run 2
~ [node] intent 1  (dec_1 → dec_0)
      chosen: a (Do it) → b (Leave \\x1b[31mit)
      reasoning: because 1 → because 2
      options[b]: null → {"id": "b", "description": "Leave \\u001b[31mit"}
      latency: 5 ms → 7 ms
- [node] intent 2  (dec_2)
      chosen: a (Do it)
~ [node] intent 0  (dec_0 → dec_1, moved)
      reasoning: because 1 → because 2
decisions: 0 the same, 2 changed, 1 only in the first run, 0 only in the second
"""


def test_text_is_for_people(tmp_path: Path) -> None:
    """One line a decision, what changed beneath it; nothing in it reaches the terminal as a command."""
    before, after = native_run(1), native_run(2, input_data={"n": 1})
    after["metrics"] = before["metrics"]
    for decision in after["decisions"]:
        decision["options"][0]["action_params"] = {"n": 1}
        decision["outcome"]["result"] = {"n": 1}
    first, second, _ = after["decisions"]
    first["intent"], second["intent"] = second["intent"], first["intent"]
    first["chosen_option_id"] = "b"
    first["options"].append({"id": "b", "description": "Leave \x1b[31mit"})
    first["outcome"]["latency_ms"] = 7
    del after["decisions"][2]
    for name, data in (("a.json", before), ("b.json", after)):
        (tmp_path / name).write_bytes(dumps(data))
    done = run(tmp_path / "a.json", tmp_path / "b.json")

    assert TEXT == done.stdout
    assert 1 == done.exit_code


def test_json_is_for_programs(tmp_path: Path) -> None:
    """With what differs by path, and whether anything does."""
    (tmp_path / "a.json").write_bytes(dumps(native_run(1)))
    (tmp_path / "b.json").write_bytes(dumps(changed(reasoning="other")))
    done = run(tmp_path / "a.json", tmp_path / "b.json", "--json")
    told = json.loads(done.stdout)
    [changes] = [decision["changes"] for decision in told["decisions"] if not decision["is_same"]]

    assert (1, False) == (done.exit_code, told["is_same"])
    assert [{"at": "reasoning", "before": "because 1", "after": "other"}] == changes


def test_runs_are_named_as_everywhere(tmp_path: Path) -> None:
    """Ids, their beginnings, `latest`, files; a run is the same as itself."""
    storage = FileStorage(tmp_path)
    for data in fixture_runs().values():
        storage.write_run(data, loads(data))  # type: ignore[arg-type]
    for run_id in fixture_runs():
        done = run(run_id, storage.run_path(run_id), "-s", tmp_path)
        assert (0, "") == (done.exit_code, done.stderr)

    assert 1 == run("latest", run_id, "-s", tmp_path).exit_code + (run_id == "latest")


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b"\xff"])
def test_what_is_no_run_is_refused(data: bytes, tmp_path: Path) -> None:
    """In one line that names it."""
    (tmp_path / "bad").write_bytes(data)
    done = run(tmp_path / "bad", tmp_path / "bad")

    assert (2, "") == (done.exit_code, done.stdout)
    assert str(tmp_path / "bad") in done.stderr
