"""Insights: planted patterns are found and nothing else, small samples are called small, memory has a bound."""

from __future__ import annotations

import itertools
import json
import random
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from click.testing import CliRunner

from runspan.cli import main
from runspan.insights import Finding, FindingKind, Insights, find_insights
from runspan.insights._periods import Periods
from runspan.insights._stats import compare_rates, compare_stratified, threshold, trend_parts, wilson
from runspan.insights._texts import error_key, pattern
from runspan.values import dumps
from tests.many_runs import ALL, made_runs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from click.testing import Result

EXPECTED: Final[dict[str, tuple[FindingKind, dict[str, str]]]] = {
    "low node": (FindingKind.LOW_SUCCESS, {"node": "payments"}),
    "better option": (
        FindingKind.BETTER_OPTION,
        {"node": "shipping", "intent": "Choose a carrier for order #", "option": "express"},
    ),
    "tied error": (FindingKind.TIED_ERROR, {"node": "answer", "option": "summarise"}),
    "failing runs": (FindingKind.FAILING_RUNS, {"goal": "invoice"}),
    "overconfident": (FindingKind.OVERCONFIDENT, {}),
    "worsening": (FindingKind.WORSENING, {"goal": "onboard"}),
}
FIXTURES: Final = Path(__file__).parent / "native-fixtures"


def told(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """What was found, and where, in an order of its own."""
    return sorted((finding.kind.value, dumps(finding.place).decode()) for finding in findings)


def expected(names: Iterable[str]) -> list[tuple[str, str]]:
    """What was planted, and where."""
    found = [EXPECTED[name] for name in names if name in EXPECTED]
    return sorted((kind.value, dumps(place).decode()) for kind, place in found)


def run(goal: str = "g", status: str = "completed", *decisions: dict[str, Any], number: int = 0) -> dict[str, Any]:
    """A run with only what counts."""
    return {
        "id": f"run_{number}",
        "goal_id": goal,
        "status": status,
        "started_at": "2026-11-23T12:00:00Z",
        "decisions": list(decisions),
    }


def decision(
    node: str = "n", option: str = "a", *, success: bool | None = True, error: str | None = None, **more: Any
) -> dict[str, Any]:
    """A decision with only what counts."""
    outcome = None if success is None else {"success": success, "error": error, "tokens_used": 0, "latency_ms": 0}
    if outcome is not None:
        outcome |= {name: more.pop(name) for name in ("tokens_used", "latency_ms") if name in more}
    return {"id": "dec_0", "node_id": node, "intent": "i", "chosen_option_id": option, "outcome": outcome} | more


# Patterns.


def test_finds_the_planted_patterns_and_nothing_else() -> None:
    """Seven at once, among noise in 10,000 runs."""
    found = find_insights(made_runs(10_000))

    assert expected(ALL) == told(found.findings)
    assert {"dec_2"} == {costly.decision_id for costly in found.slowest}
    assert [900_000 + 500 + 997 * n for n in range(9, -1, -1)] == [costly.value for costly in found.slowest]


@pytest.mark.parametrize("name", ALL)
def test_finds_one_pattern_alone(name: str) -> None:
    """Each for itself, in 3,000 runs."""
    assert expected([name]) == told(find_insights(made_runs(3_000, [name])).findings)


def test_finds_nothing_in_noise() -> None:
    """In none of twenty-four stores of some hundred runs."""
    found = [told(find_insights(made_runs(400, [], seed=seed)).findings) for seed in range(12, 36)]

    assert [[]] * 24 == found


def test_order_of_runs_does_not_matter() -> None:
    """The newest first, or shuffled: the same findings."""
    runs = list(made_runs(2_000))
    shuffled = random.Random(3).sample(runs, len(runs))  # noqa: S311 - no secret

    found, other = find_insights(runs).findings, find_insights(shuffled).findings
    assert found
    assert [finding.text for finding in found] == [finding.text for finding in other]


def test_tells_why() -> None:
    """An error that comes from a place that fails is told with that place, not beside it."""
    low = next(each for each in find_insights(made_runs(2_000)).findings if each.kind is FindingKind.LOW_SUCCESS)

    assert "ledger # answered: HTTP 503" == low.error
    assert low.text.startswith("Node payments succeeds in 5") or low.text.startswith("Node payments succeeds in 4")
    assert low.text.endswith("Most failures say: ledger # answered: HTTP 503")


def test_retries_of_one_run_are_one_witness() -> None:
    """A run that has failed five hundred times at one thing makes no pattern."""
    looping = run("g", "failed", *(decision("bad", success=False) for _ in range(500)))
    others = [run("g", "completed", decision("good", success=True), number=n) for n in range(500)]
    found = find_insights([looping, *others])

    assert () == found.findings
    assert [True] == [rate.is_small for rate in found.nodes if rate.place == {"node": "bad"}]


def test_an_option_kept_for_hard_cases_is_not_blamed() -> None:
    """`careful` fails more often than `quick` over all, and less often for each goal."""
    runs = [
        run(goal, "completed", decision(option=option, success=number % 100 < rate), number=number)
        for goal, option, count, rate in (
            ("easy", "quick", 200, 94),
            ("easy", "careful", 100, 95),
            ("hard", "quick", 100, 30),
            ("hard", "careful", 700, 31),
        )
        for number in range(count)
    ]
    kinds = {finding.kind for finding in find_insights(runs).findings}

    assert FindingKind.BETTER_OPTION not in kinds


# Rates.


def test_small_samples_are_called_small() -> None:
    """Three of three is no 100 %."""
    (rate,) = find_insights([run("g", "completed", decision(), number=n) for n in range(3)]).nodes

    assert (1.0, True) == (rate.rate, rate.is_small)
    assert pytest.approx(0.4385, abs=1e-4) == rate.low
    assert 1.0 == rate.high


def test_rates_by_goal_node_type_and_option() -> None:
    """Decisions without an outcome count as decisions; open and cancelled runs say nothing of success."""
    runs = [
        run("x", "completed", decision("n1", "a", decision_type="path_choice")),
        run("x", "failed", decision("n1", "b", success=False), decision("n2", "a", success=None)),
        run("x", "running"),
        run("y", "cancelled", decision("n2", "a")),
    ]
    found = find_insights(runs)

    assert [("x", 3, 2, 1, 0.5), ("y", 1, 0, 0, None)] == [
        (goal.goal, goal.runs, goal.ended, goal.completed, goal.rate) for goal in found.goals
    ]
    assert [({"node": "n1"}, 2, 2, 0.5), ({"node": "n2"}, 2, 1, 1.0)] == [
        (rate.place, rate.decisions, rate.outcomes, rate.rate) for rate in found.nodes
    ]
    assert {"", "path_choice"} == {rate.place["decision_type"] for rate in found.decision_types}
    assert {("n1", "a"), ("n1", "b"), ("n2", "a")} == {
        (rate.place["node"], rate.place["option"]) for rate in found.options
    }
    assert {"completed": 1, "failed": 1, "running": 1, "cancelled": 1} == found.statuses


def test_too_few_outcomes_make_no_best_option() -> None:
    """Chosen forty times and once: nobody knows which works best."""
    runs = [run("g", "completed", decision(option="a", success=n % 2 == 0), number=n) for n in range(12, 36)]
    (choice,) = find_insights([*runs, run("g", "completed", decision(option="b"))]).choices

    assert ("a", None, False, 2) == (choice.chosen.place["option"], choice.best, choice.is_better, choice.options)


def test_repeated_failures_say_what_they_share() -> None:
    """Grouped by text without numbers; what nine in ten share is told."""
    runs = [
        run(
            f"goal{n % 3}",
            "failed",
            decision("pay", "card", success=False, error=f"order {n} not found at 12:0{n}"),
            number=n,
        )
        for n in range(5)
    ]
    (failure,) = find_insights(runs).failures

    assert ("order # not found at #:#", 5, 5) == (failure.error, failure.count, failure.runs)
    assert {"node": "pay", "option": "card", "intent": "i", "decision_type": ""} == failure.common
    assert "order 0 not found at 12:00" == failure.example
    assert (("run_0", "dec_0"), ("run_1", "dec_0"), ("run_2", "dec_0")) == failure.examples


def test_confidence_of_the_chosen_option() -> None:
    """In steps of a tenth; 0.5 is what stands there when nobody said; beyond 0..1 is noted."""
    confidences = [0.7, 0.75, 1.0, 0.5, 3, True]
    decisions = [
        decision(success=value != 0.75, options=[{"id": "z", "confidence": 0.1}, {"id": "a", "confidence": value}])
        for value in confidences
    ]
    found = find_insights([run("g", "completed", *decisions)])

    assert [(0.7, 2, 0.5), (0.9, 1, 1.0)] == [(step.low, step.outcomes, step.rate) for step in found.confidences]
    assert 1 == found.confidence_not_given
    assert ("1 confidences are not between 0 and 1, and are left out",) == found.notes


def test_slowest_and_most_expensive() -> None:
    """The largest first; of two alike the one seen first; latency that was not recorded is the time to the outcome."""
    runs = [
        run("g", "completed", decision(latency_ms=value, tokens_used=1_000 - value), number=value)
        for value in (5, 9, 7, 9)
    ]
    timed = decision(timestamp="2026-11-23T12:00:00Z")
    timed["outcome"]["timestamp"] = "2026-11-23T12:00:08Z"
    found = find_insights([*runs, run("g", "completed", timed, number=8_000)], most_listed=3)

    assert [8_000, 9, 9] == [costly.value for costly in found.slowest]
    assert [("run_5", 995), ("run_7", 993), ("run_9", 991)] == [
        (costly.run_id, costly.value) for costly in found.most_expensive
    ]


# What is read may be anything, and any amount.


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"decisions": "none"},
        {"decisions": [None, 3, {}]},
        {"decisions": [{"outcome": 3, "options": 4}], "goal_id": ["x"], "status": {}},
        {"decisions": [{"outcome": {"success": "yes", "tokens_used": "many", "latency_ms": 1e308}}]},
        {"decisions": [{"outcome": {"latency_ms": True}, "chosen_option_id": {"a": 1}, "options": [{"id": {"a": 1}}]}]},
        {"started_at": "tomorrow", "decisions": [{"intent": 7, "outcome": {"error": "x" * 10**7}}]},
        {"started_at": "9999-12-31T23:59:59Z", "decisions": [{"node_id": "\ud83d" * 500, "outcome": {"error": "\n"}}]},
    ],
    ids=str,
)
def test_files_edited_by_hand(wrong: dict[str, Any]) -> None:
    """A missing or strange field counts as its default; the rest counts."""
    found = find_insights([wrong, run("g", "completed", decision())])

    assert 2 == found.runs
    assert dumps([rate.place for rate in found.nodes])


def test_memory_has_a_bound() -> None:
    """Runs in which everything is different from all others take no more memory the more they are."""

    def strange() -> Iterable[dict[str, Any]]:
        letters = random.Random(5)  # noqa: S311 - no secret
        for number in range(6_000):
            word = "".join(letters.choices("abcdefghijklmnopqrstuvwxyz", k=12))
            yield run(
                word,
                "failed",
                *(decision(f"{word}{i}", success=False, error=f"{word} {i * word}") for i in range(3)),
                number=number,
            )

    tracemalloc.start()
    try:
        first = find_insights(itertools.islice(strange(), 3_000))
        after_half = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        found = find_insights(strange())
        after_all = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert (3_000, 6_000) == (first.runs, found.runs)
    assert (500, 500, 500) == (len(found.goals), len(found.nodes), len(found.failures) or 500)
    assert after_all < 3 * after_half
    assert any("repeated failures" in note for note in found.notes)


# Parts.


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("order 8812 at 12:03:55", "order # at #:#:#"),
        ("at 2026-11-23T03:43:10.733499Z it was 4.5 s", "at <time> it was # s"),
        ("run 6f9619ff-8b86-d011-b42d-00cf4fc964ff is gone", "run <id> is gone"),
        ("commit deadbeef42 \n\t not found", "commit <id> not found"),
        ("HTTP 503 from host7", "HTTP 503 from host#"),
        ("status code: 404 for /orders/17", "status code: 404 for /orders/#"),
        (None, ""),
    ],
)
def test_what_makes_a_text_unique_is_left_out(text: str | None, same: str) -> None:
    """Numbers, times and ids; codes stay."""
    assert same == pattern(text)


def test_error_text() -> None:
    """Of a traceback the last line counts, else the first; without an error the summary."""
    traceback = "Traceback (most recent call last):\n" + '  File "x.py", line 3\n' * 500 + "KeyError: 'order 7'"

    assert "KeyError: 'order #'" == error_key(traceback, "")
    assert "first" == error_key("\nfirst\nsecond", "")
    assert "said" == error_key(None, "said")
    assert "(no error text)" == error_key(None, "")


def test_statistics_agree_with_what_is_published() -> None:
    """Wilson's interval, Cochran-Armitage's and Mantel-Haenszel's tests by examples worked out elsewhere."""
    assert pytest.approx((0.0552, 0.1744), abs=1e-4) == wilson(0.1, 100)
    assert (0.0, 1.0) == wilson(0.0, 0)
    assert pytest.approx(2.5758, abs=1e-4) == threshold(0.01, 1)
    assert 0.0 == compare_rates(5, 10, 50, 100)
    assert pytest.approx(-7.7670, abs=1e-4) == compare_rates(1, 30, 50, 60)
    covariance, variance, spread = trend_parts([(0, 1, 10), (1, 5, 10), (2, 9, 10)])
    assert pytest.approx((8.0, 5.0, 20.0)) == (covariance, variance, spread)
    deviations, difference = compare_stratified([(9, 10, 5, 10), (8, 10, 4, 10)])
    assert pytest.approx(0.4) == difference
    assert pytest.approx(2.5992, abs=1e-4) == deviations


def test_periods_grow_with_the_time_they_span() -> None:
    """Whatever order times come in, there are at most 64, and nothing is lost."""
    day = 86_400 * 10**9
    times = [*range(0, 1_000 * day, day), *range(0, day, day // 50)]
    for order in (times, times[::-1]):
        periods = Periods()
        for at in order:
            periods.add_run(periods.at(at), "g", success=at % (2 * day) == 0)

        assert len(times) == sum(runs for runs, _ in periods.runs.values())
        assert len(periods.runs) <= 64
        assert 28 * 86_400 == periods.width_s


# The command.


def command(*arguments: object) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="runspan")


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A storage of two hundred runs."""
    folder = tmp_path_factory.mktemp("storage")
    (folder / "runs").mkdir()
    for made in made_runs(200):
        (folder / "runs" / f"{made['id']}.json").write_bytes(dumps(made, indent=True))
    return folder


def seen(storage: Path, *arguments: object) -> Any:
    """What `insights --json` says."""
    result = command("insights", "-s", storage, "--json", *arguments)
    assert 0 == result.exit_code, result.output
    return json.loads(result.stdout)


def test_json_has_every_field(storage: Path) -> None:
    """The library's names, nothing else on stdout."""
    assert list(Insights.__dataclass_fields__) == list(seen(storage))


def test_selection(storage: Path) -> None:
    """By goal, status, node, time and number, alone and together; the newest count for --limit."""
    runs = [json.loads(path.read_bytes()) for path in sorted((storage / "runs").glob("*.json"))]
    refunds = [each for each in runs if each["goal_id"] == "refund"]
    paying = [each for each in refunds if "payments" in each["metrics"]["nodes_executed"]]
    middle = runs[100]["started_at"]

    assert 200 == seen(storage)["runs"]
    assert len(refunds) == seen(storage, "--goal", "refund")["runs"]
    assert len(paying) == seen(storage, "--goal", "refund", "--node", "payments")["runs"]
    assert {"failed"} == set(seen(storage, "--status", "failed")["statuses"])
    assert (100, 100) == (seen(storage, "--since", middle)["runs"], seen(storage, "--until", middle)["runs"])
    assert 1 == seen(storage, "--since", middle, "--until", runs[101]["started_at"])["runs"]
    assert 10 == seen(storage, "--limit", 10)["runs"]
    assert 2 == seen(storage, runs[3]["id"], runs[4]["id"])["runs"]
    assert 1 == seen(storage, "latest")["runs"]
    assert 0 == seen(storage, "--goal", "nobody's")["runs"]


def test_tables_fit_sixty_columns(storage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is wider than the screen, and no figure is lost."""
    monkeypatch.setenv("COLUMNS", "60")
    text = command("insights", "-s", storage).output

    assert max(map(len, text.splitlines())) <= 60
    assert all(
        title in text
        for title in ("Goals", "Nodes", "Options chosen", "Chosen and working", "Repeated failures", "Slowest")
    )


def test_refuses_with_one_line(storage: Path) -> None:
    """A time that is none, a run that is not there: what is wrong, and no traceback."""
    for arguments in (["--since", "yesterday"], ["run_none"], ["--limit", "0"]):
        result = command("insights", "-s", storage, *arguments)

        assert 2 == result.exit_code
        assert "Error: " in result.stderr


def test_a_broken_file_is_named_and_left_out(tmp_path: Path) -> None:
    """The others count."""
    (tmp_path / "runs").mkdir()
    for made in made_runs(3):
        (tmp_path / "runs" / f"{made['id']}.json").write_bytes(dumps(made))
    (tmp_path / "runs" / "run_20261123_000000_0000000a.json").write_text('{"id": ')
    (tmp_path / "runs" / "run_20261123_000000_0000000b.json").write_text("[]")
    result = command("insights", "-s", tmp_path, "--json")

    assert 3 == json.loads(result.stdout)["runs"]
    assert 2 == result.stderr.count("is left out: ")


def test_hostile_texts_are_harmless_on_the_screen(tmp_path: Path) -> None:
    """Escapes and bidi marks are shown as what they are."""
    bad = "\x1b[2J\u202e<b>"
    runs = [
        run(bad, "failed", decision(bad, bad, success=False, error=bad, intent=bad, decision_type=bad))
        | {"id": f"run_{n}"}
        for n in range(2)
    ]
    (tmp_path / "runs").mkdir()
    for made in runs:
        (tmp_path / "runs" / f"{made['id']}.json").write_bytes(dumps(made))
    text = command("insights", "-s", tmp_path).output

    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\x1b[#J\\u202e<b>" in text


def test_old_files_are_read() -> None:
    """Those of the original runtime too."""
    folders = [path for path in FIXTURES.iterdir() if (path / "runs").is_dir()]
    assert folders
    for folder in folders:
        runs = [json.loads(path.read_bytes()) for path in (folder / "runs").glob("*.json")]

        assert len(runs) == find_insights(runs).runs


def test_an_option_is_told_with_its_node() -> None:
    """Where it is chosen in one node only; where it fails in all of them, alone."""

    def found(nodes: str) -> list[tuple[str, dict[str, str]]]:
        made = itertools.product(range(150), nodes, "xyy")
        runs = [
            run("g", "failed", decision(node, option, success=n % 10 < (3 if option == "x" else 9)), number=n)
            for n, node, option in made
        ]
        return [(finding.kind.value, finding.place) for finding in find_insights(runs).findings]

    assert [("low_success", {"option": "x"})] == found("ab")
    assert [("low_success", {"node": "a", "option": "x"})] == found("a")


def test_the_only_error_there_is_tells_nothing_of_its_place() -> None:
    """Without other failures there is nothing that it could be compared with."""
    runs = [run("g", "failed", decision(success=n % 2 == 0, error=f"no {n}"), number=n) for n in range(100)]

    assert () == find_insights(runs).findings
