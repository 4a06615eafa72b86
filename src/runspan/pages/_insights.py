"""Insights as a page: what was found, plots, tables. Knows no storage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from runspan.pages._page import percent, render
from runspan.pages._plots import bars, lines, points
from runspan.texts import duration, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from runspan.insights import Confidence, Insights, Period, Rate

__all__ = ["insights_page"]

_MOST_BARS: Final = 15
_MOST_ROWS: Final = 50
_DAY_S: Final = 86_400


def insights_page(found: Insights, *, selection: str = "") -> str:
    """Return insights as one self-contained HTML file.

    Args:
        found: What is told.
        selection: Which runs it is about, in words.
    """
    return render(
        "insights.html.j2",
        found=found,
        selection=visible(selection),
        figures=_figures(found),
        plots=_plots(found),
        most_rows=_MOST_ROWS,
        interval=_interval,
        place=lambda rate: " · ".join(visible(value, 80) or "-" for value in rate.place.values()),
        period=lambda period: _period(found, period),
        seconds=lambda ms: duration(round(ms)),
    )


def _figures(found: Insights) -> list[tuple[str, str]]:
    ended = sum(goal.ended for goal in found.goals)
    completed = sum(goal.completed for goal in found.goals)
    return [
        (f"{found.runs:,}", "runs"),
        (percent(completed / ended if ended else None), "of them completed"),
        (f"{found.decisions:,}", "decisions"),
        (percent(found.overall.rate), "of their outcomes successful"),
        (f"{len(found.findings):,}", "patterns found"),
    ]


def _plots(found: Insights) -> dict[str, Markup | None]:
    goals = found.goals[:_MOST_BARS]
    better = [choice for choice in found.choices if choice.best is not None][:_MOST_BARS]
    chosen = [choice.chosen.rate for choice in better]
    best = [choice.best.rate if choice.best is not None else None for choice in better]
    names = [f"{choice.node}: {choice.intent}" for choice in better]
    return {
        "goals": bars(
            "Completed runs by goal, with 95 % intervals",
            [goal.goal for goal in goals],
            [("completed", [None if goal.rate is None else (goal.rate, goal.low, goal.high) for goal in goals])],
        )
        if goals
        else None,
        "nodes": _rates("Success of decisions by node, with 95 % intervals", found.nodes),
        "choices": bars(
            "Success of the option chosen most and of the one that works best",
            names,
            [("chosen most", chosen), ("works best", best)],
        )
        if better
        else None,
        "confidence": _calibration(found.confidences) if found.confidences else None,
        "time": _trend(found) if len(found.periods) > 1 else None,
    }


def _rates(title: str, rates: Sequence[Rate]) -> Markup | None:
    shown = [rate for rate in rates if rate.rate is not None][:_MOST_BARS]
    if not shown:
        return None
    labels = [" · ".join(rate.place.values()) for rate in shown]
    return bars(title, labels, [("success", [(rate.rate, rate.low, rate.high) for rate in shown])])


def _calibration(steps: Sequence[Confidence]) -> Markup:
    told = [(step.mean, step.rate) for step in steps]
    return points(
        "Success rate by confidence; where confidence is right the points lie on the diagonal",
        [("success", told), ("", []), ("confidence is right", [(0, 0), (1, 1)])],
    )


def _trend(found: Insights) -> Markup:
    labels = [_period(found, period) for period in found.periods]
    series = [
        ("successful decisions", [period.rate for period in found.periods]),
        ("completed runs", [period.run_rate for period in found.periods]),
    ]
    return lines("Successful decisions and completed runs over time", labels, series)


def _period(found: Insights, period: Period) -> str:
    return period.start[:10] if found.period_s >= _DAY_S else period.start[5:16].replace("T", " ")


def _interval(rate: Any) -> str:
    return f"{rate.low * 100:.0f}-{rate.high * 100:.0f} %" + (" (few)" if rate.is_small else "")
