"""Runs for people to read: tables and trees. Knows neither storage nor options.

Everything that comes from a run file goes through `visible` and into rich's `Text`, which interprets nothing.
"""

from __future__ import annotations

import re
import shutil
import sys
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text
from rich.tree import Tree

from runspan.cli._text import brief, duration, visible
from runspan.native import parse_timestamp_ns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from rich.console import RenderableType

    from runspan.models import Decision, Option, Outcome, Problem, Run

__all__ = [
    "add_problem",
    "decision_line",
    "indented",
    "jaeger_link",
    "line",
    "named",
    "print_all",
    "print_run",
    "print_runs",
    "run_text",
    "say",
]

_STATUS: Final = {"completed": "green", "failed": "red", "stuck": "red", "cancelled": "yellow", "running": "cyan"}
_SEVERITY: Final = {"critical": "red", "warning": "yellow"}
_TRACE_ID: Final = re.compile(r"[0-9a-f]{32}")
_ENDLESS: Final = 100_000
_USUAL: Final = 80
_MOST_OPTIONS: Final = 20
_DEEPEST: Final = 6
"""Decisions inside decisions that are drawn as such: beyond it, 60 columns leave no room for words."""


def jaeger_link(jaeger_url: str | None, trace_id: object) -> str | None:
    """Return the address of a trace's page; None without Jaeger or where this is no trace id."""
    if not jaeger_url or not isinstance(trace_id, str) or not _TRACE_ID.fullmatch(trace_id):
        return None
    return f"{jaeger_url}/trace/{trace_id}"


# On the screen as wide as the screen is, in a pipe as wide as the text is.


def _width() -> int:
    return shutil.get_terminal_size((0, 0)).columns or (_USUAL if sys.stdout.isatty() else _ENDLESS)


def print_all(*renderables: RenderableType) -> None:
    """Print on the screen as wide as it is, in a pipe as wide as the text is."""
    console = Console(width=_width(), highlight=False, markup=False, emoji=False)
    for line in _lines(console, *renderables):
        click.echo(line)


def say(text: str) -> None:
    """Print a sentence of ours; on a narrow screen it gets more lines."""
    print_all(Text(text))


def indented(text: Text, columns: int) -> RenderableType:
    """Return a text that stands so many columns to the right, in each of its lines."""
    return Padding(text, (0, 0, 0, columns), expand=False)


def _lines(console: Console, *renderables: RenderableType) -> list[str]:
    with console.capture() as captured:
        for renderable in renderables:
            console.print(renderable)
    return [line.rstrip() for line in captured.get().splitlines()]


# `list`.

_COLUMNS: Final = ("Run", "Goal", "Status", "Decisions", "Success", "Problems", "Duration", "Started")
_GAP: Final = "  "
_NUMBERS: Final = ("Decisions", "Success", "Problems", "Duration")


def print_runs(runs: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Print a table of runs; where the screen is too narrow for one, a few lines for each run.

    Args:
        runs: Start and summary of each, plain.
    """
    rows = [_cells(started, summary) for started, summary in runs]
    table = [[Text(name, "bold") for name in _COLUMNS], *rows]
    widths = [max(cell.cell_len for cell in column) for column in zip(*table, strict=True)]
    if sum(widths) + len(_GAP) * (len(widths) - 1) <= _width():
        print_all(*(_placed(row, widths) for row in table))
    else:
        print_all(*(line for row in rows for line in _stacked(row)))


def _placed(row: Sequence[Text], widths: Sequence[int]) -> Text:
    """Return a row of a table; rich's own takes a millisecond for each, and there may be very many."""
    for name, cell, width in zip(_COLUMNS, row, widths, strict=True):
        cell.align("right" if name in _NUMBERS else "left", width)
    return Text(_GAP).join(row)


def _cells(started: str, summary: dict[str, Any]) -> list[Text]:
    status, problems = summary["status"], summary["problem_count"]
    return [
        Text(visible(summary["run_id"])),
        Text(visible(summary["goal_id"], 60)),
        Text(visible(status), _STATUS.get(status, "")),
        Text(str(summary["decision_count"])),
        Text(f"{summary['success_rate']:.0%}" if summary["decision_count"] else "-"),
        Text(str(problems), "yellow" if problems else ""),
        Text(duration(summary["duration_ms"])),
        Text(_second(started)),
    ]


def _stacked(row: Sequence[Text]) -> Iterable[Text]:
    run_id, goal, status, decisions, success, problems, lasted, started = row
    yield Text("  ").join([run_id, status])
    yield Text("  ").join([Text(""), goal, lasted, started])
    yield Text.assemble("  decisions ", decisions, "  success ", success, "  problems ", problems)


def _second(timestamp: str) -> str:
    """Return a stored timestamp without `T` and fraction; a naive one stays naive."""
    return visible(re.sub(r"\.\d+", "", timestamp).replace("T", " ").replace("Z", " UTC")) or "-"


# `show`.


def print_run(run: Run, jaeger_url: str | None = None) -> None:
    """Print one run as a tree, and where its trace is.

    Args:
        run: The run.
        jaeger_url: Address of a Jaeger that has its trace.
    """
    print_all(_run_tree(run))
    link = jaeger_link(jaeger_url, _extra(run, "trace_id"))
    if link is not None:
        click.echo(f"Jaeger: {link}")


def run_text(run: Run, width: int) -> str:
    """Return one run as a tree without colours.

    Args:
        run: The run.
        width: Most columns of a line.
    """
    console = Console(width=width, highlight=False, markup=False, emoji=False, color_system=None)
    return "\n".join(_lines(console, _run_tree(run)))


def _run_tree(run: Run) -> Tree:
    status = str(run.status)
    tree = Tree(line(("bold", visible(run.id)), (_STATUS.get(status, ""), visible(status))), guide_style="dim")
    for name, value in _facts(run):
        tree.add(named(name, value))
    branches = _add_decisions(tree, run)
    for problem in run.problems:
        place = branches.get(problem.decision_id or "", tree)
        add_problem(place, run, problem, is_placed=place is not tree)
    return tree


def _add_decisions(tree: Tree, run: Run) -> dict[str, Tree]:
    """Draw the decisions inside each other, as far as there is room; return the branch of each."""
    branches: dict[str, Tree] = {}
    inside: dict[str, tuple[Tree, int]] = {}  # where a decision's own ones go, and how deep that is
    for decision in run.decisions:
        parent = str(_extra(decision, "parent_decision_id") or "")
        place, depth = inside.get(parent, (tree, 0))
        is_drawn = not parent or place is branches.get(parent)
        branch = place.add(decision_line(run, decision, "" if is_drawn else f"inside {visible(parent)}"))
        _fill(branch, decision)
        branches[decision.id] = branch
        inside[decision.id] = (branch, depth + 1) if depth < _DEEPEST else (place, depth)
    return branches


def _facts(run: Run) -> Iterable[tuple[str, str]]:
    yield "goal", visible(run.goal_id) + (f" — {visible(run.goal_description)}" if run.goal_description else "")
    for name in ("agent_name", "session_id"):
        if _extra(run, name):
            yield name.partition("_")[0], brief(_extra(run, name))
    ended = f", took {duration(run.duration_ms)}" if run.completed_at else ", not ended"
    yield "started", _second(_iso(run.started_at)) + ended
    if run.narrative:
        yield "narrative", visible(run.narrative)
    for name, data in (("input", run.input_data), ("output", run.output_data)):
        if data:
            yield name, brief(data)
    if _extra(run, "trace_id"):
        yield "trace", visible(_extra(run, "trace_id"))
    if _extra(run, "incomplete"):
        yield "incomplete", brief(_extra(run, "incomplete"))


def decision_line(run: Run, decision: Decision, note: str) -> Text:
    """Return when, what for and where a decision was made, and a note on it."""
    kind = visible(decision.decision_type)
    return line(
        ("cyan", _since(run, decision.timestamp)),
        ("bold", visible(decision.intent)),
        ("dim", f"({visible(decision.id)} in {visible(decision.node_id)}{'' if kind == 'custom' else f', {kind}'})"),
        ("dim", note),
    )


def _fill(branch: Tree, decision: Decision) -> None:
    """Add what belongs to one decision: options, reasoning, constraints, context, outcome."""
    _add_options(branch, decision)
    if decision.reasoning:
        branch.add(named("why", visible(decision.reasoning)))
    if decision.active_constraints:
        branch.add(named("constraints", visible("; ".join(decision.active_constraints))))
    if decision.input_context:
        branch.add(named("context", brief(decision.input_context)))
    _add_outcome(branch, decision.outcome)
    if decision.evaluation is not None:
        good = "good decision" if decision.was_good_decision else "no good decision"
        words = [good, f"quality {decision.evaluation.outcome_quality:g}", visible(decision.evaluation.explanation)]
        branch.add(named("evaluation", ", ".join(word for word in words if word)))


def _add_options(branch: Tree, decision: Decision) -> None:
    chosen = decision.chosen_option_id
    shown = [option for index, option in enumerate(decision.options) if index < _MOST_OPTIONS or option.id == chosen]
    for option in shown:
        branch.add(_option_line(option, is_chosen=option.id == chosen))
    left_out = len(decision.options) - len(shown)
    if left_out:
        branch.add(line(("dim", f"… and {left_out:,} more options")))
    if chosen and decision.chosen_option is None:
        branch.add(line(("yellow", f"▶ {visible(chosen)}"), ("dim", "is none of the options")))


def _option_line(option: Option, *, is_chosen: bool) -> Text:
    style = "green" if is_chosen else "dim"
    words = [(style, f"{'▶' if is_chosen else '○'} {visible(option.id)}"), ("", visible(option.description))]
    words.append(("dim", f"confidence {option.confidence:g}"))
    if option.action_params:
        words.append(("dim", brief(option.action_params)))
    for mark, reasons in (("+", option.pros), ("-", option.cons)):
        if reasons:
            words.append(("dim", f"{mark} {visible('; '.join(reasons))}"))
    return line(*words)


def _add_outcome(branch: Tree, outcome: Outcome | None) -> None:
    if outcome is None:
        branch.add(line(("yellow", "? no outcome")))
        return
    mark, style = ("✓", "green") if outcome.success else ("✗", "red")
    said = visible(outcome.summary) or (brief(outcome.result) if outcome.result is not None else "")
    texts = [text for text in (said, visible(outcome.error or "")) if text]
    words = [(style, f"{mark} {'  '.join(texts)}".rstrip())]
    words.append(("cyan", duration(outcome.latency_ms)))
    if outcome.tokens_used:
        words.append(("cyan", f"{outcome.tokens_used:,} tokens"))
    if outcome.state_changes:
        words.append(("dim", f"changed {brief(outcome.state_changes)}"))
    branch.add(line(*words))


def add_problem(place: Tree, run: Run, problem: Problem, *, is_placed: bool) -> None:
    """Add a problem to a branch; where that is not its decision's, it says which that is."""
    about = "" if is_placed or not problem.decision_id else f"about {visible(problem.decision_id)}"
    style = _SEVERITY.get(problem.severity, "")
    words = [(style, f"! {visible(problem.severity)}: {visible(problem.description)}")]
    branch = place.add(line(*words, ("dim", about), ("cyan", _since(run, problem.timestamp))))
    for name, value in (("cause", problem.root_cause), ("fix", problem.suggested_fix)):
        if value:
            branch.add(named(name, visible(value)))


def line(*words: tuple[str, str]) -> Text:
    """Join styled words by two spaces, leaving out the empty ones."""
    return Text("  ").join(Text(text, style) for style, text in words if text)


def named(name: str, value: str) -> Text:
    """Return a value behind its name."""
    return Text.assemble((f"{name}: ", "dim"), value)


def _extra(model: Any, name: str) -> Any:
    return (model.model_extra or {}).get(name)


def _since(run: Run, moment: datetime) -> str:
    """Return a time as distance from the run's start."""
    then, start = parse_timestamp_ns(_iso(moment)), parse_timestamp_ns(_iso(run.started_at))
    if then is None or start is None:
        return ""
    ms = (then - start) // 1_000_000
    return f"{'-' if ms < 0 else '+'}{duration(abs(ms))}"


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
