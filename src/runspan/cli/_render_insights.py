"""Insights for people to read: sentences, then tables. Knows neither storage nor options."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from runspan.cli._text import duration, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runspan.insights import Choice, Confidence, CostlyDecision, GoalRate, Insights, Period, Rate, RepeatedFailure

__all__ = ["print_insights"]

_ENDLESS: Final = 100_000
_USUAL: Final = 80
_MOST_ROWS: Final = 15
_LONGEST: Final = 80
_BAR: Final = 10
_DAY_S: Final = 86_400
_HALF: Final = 0.5

Row = tuple[str | Text, ...]


def print_insights(found: Insights) -> None:
    """Print what many runs have in common."""
    _print(Text(_headline(found)))
    click.echo()
    _print_findings(found)
    for title, columns, rows in _tables(found):
        if rows:
            _print_table(title, columns, rows)
    for note in found.notes:
        _print(Text(f"Note: {note}"))


def _headline(found: Insights) -> str:
    statuses = ", ".join(f"{count:,} {visible(status, 20) or 'unknown'}" for status, count in found.statuses.items())
    decisions = f"{found.decisions:,} decisions"
    if found.overall.rate is not None:
        decisions += f", {_percent(found.overall.rate)} of {found.overall.outcomes:,} outcomes are successes"
    return f"{found.runs:,} runs ({statuses}); {decisions}"


def _print_findings(found: Insights) -> None:
    if not found.findings:
        _print(Text("No pattern is clearer than chance."))
    for finding in found.findings:
        _print(Text.assemble(("• ", "yellow"), visible(finding.text)))
    click.echo()


def _tables(found: Insights) -> Iterable[tuple[str, Sequence[str], list[Row]]]:
    """Give title, columns and rows of each table; names of columns of numbers begin with `>`."""
    columns: tuple[str, ...]
    rate = (">Outcomes", ">Success", ">95 %", ">Tokens", ">Time")
    yield "Goals", ("Goal", ">Runs", ">Completed", ">95 %", ">Decisions"), [_goal(goal) for goal in found.goals]
    yield "Nodes", ("Node", *rate), [_rate(node) for node in found.nodes]
    yield "Decision types", ("Type", *rate), [_rate(kind) for kind in found.decision_types]
    yield "Options chosen", ("Option", *rate), [_rate(option) for option in found.options]
    columns = ("Decision", "Chosen most", ">Success", "Works best", ">Success", "")
    yield "Chosen and working", columns, [_choice(choice) for choice in found.choices]
    columns = (">Failures", ">Runs", "Error", "In common")
    yield "Repeated failures", columns, [_failure(failure) for failure in found.failures]
    columns = ("Confidence", ">Outcomes", ">Mean", ">Success", ">95 %")
    yield "Confidence and success", columns, [_confidence(step) for step in found.confidences]
    columns = ("Decision", "Node", "Option")
    yield "Slowest", (">Time", *columns), [_costly(each, duration(each.value)) for each in found.slowest]
    yield "Most expensive", (">Tokens", *columns), [_costly(each, f"{each.value:,}") for each in found.most_expensive]
    periods = [_period(period, found.period_s) for period in found.periods]
    yield "Over time", ("From", ">Runs", ">Completed", ">Decisions", ">Success", ""), periods


def _goal(goal: GoalRate) -> Row:
    completed = _percent(goal.rate)
    return visible(goal.goal, _LONGEST), f"{goal.runs:,}", completed, _interval(goal), _percent(goal.decisions.rate)


def _rate(rate: Rate) -> Row:
    name = ": ".join(visible(value, _LONGEST) or "-" for value in rate.place.values())
    costs = f"{rate.mean_tokens:,.0f}", duration(round(rate.mean_latency_ms))
    return name, f"{rate.outcomes:,}", _percent(rate.rate), _interval(rate), *costs


def _choice(choice: Choice) -> Row:
    if choice.is_better:
        verdict = Text("works better", "yellow")
    else:
        verdict = Text("too few to say" if choice.best is None else "no clear difference", "dim")
    best = choice.best
    return (
        f"{visible(choice.node, _LONGEST)}: {visible(choice.intent, _LONGEST)}",
        visible(choice.chosen.place["option"], _LONGEST),
        _percent(choice.chosen.rate),
        visible(best.place["option"], _LONGEST) if best is not None else "-",
        _percent(best.rate) if best is not None else "-",
        verdict,
    )


def _failure(failure: RepeatedFailure) -> Row:
    common = ", ".join(f"{name} {visible(value, _LONGEST)}" for name, value in failure.common.items())
    return f"{failure.count:,}", f"{failure.runs:,}", visible(failure.error, 2 * _LONGEST), common or "-"


def _confidence(step: Confidence) -> Row:
    name = f"{step.low:.0%} to {step.high:.0%}"
    interval = _range(step.rate_low, step.rate_high, is_small=step.is_small)
    return name, f"{step.outcomes:,}", _percent(step.mean), _percent(step.rate), interval


def _costly(found: CostlyDecision, value: str) -> Row:
    decision = f"{visible(found.run_id)} {visible(found.decision_id, _LONGEST)}"
    return value, decision, visible(found.node, _LONGEST), visible(found.option, _LONGEST)


def _period(period: Period, width_s: int) -> Row:
    start = period.start[:10] if width_s >= _DAY_S else period.start[:16].replace("T", " ")
    bar = Text("█" * round((period.rate or 0) * _BAR), "green" if (period.rate or 0) >= _HALF else "red")
    return start, f"{period.runs:,}", _percent(period.run_rate), f"{period.outcomes:,}", _percent(period.rate), bar


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.0%}"


def _interval(rate: Rate | GoalRate) -> str:
    return _range(rate.low, rate.high, is_small=rate.is_small)


def _range(low: float, high: float, *, is_small: bool) -> str:
    return f"{low * 100:.0f}-{high * 100:.0f}{' small' if is_small else ''}"


# On the screen as wide as the screen is, in a pipe as wide as the text is.


def _print_table(title: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in columns:
        if name.startswith(">"):
            table.add_column(name[1:], no_wrap=True, justify="right")
        else:
            table.add_column(name, overflow="fold")
    for row in rows[:_MOST_ROWS]:
        table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    _print(Text(title, "bold underline"), table)
    if len(rows) > _MOST_ROWS:
        click.echo(f"… and {len(rows) - _MOST_ROWS:,} more, with --json")
    click.echo()


def _print(*renderables: Text | Table) -> None:
    width = shutil.get_terminal_size((0, 0)).columns or (_USUAL if sys.stdout.isatty() else _ENDLESS)
    console = Console(width=width, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        for renderable in renderables:
            console.print(renderable)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())
