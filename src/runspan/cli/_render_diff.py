"""The difference of two runs for people to read. Knows neither storage nor options.

One line a decision, as `diff` has it: `-` only in the first run, `+` only in the second, `~` changed, blank the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from runspan.cli._render import indented, print_all
from runspan.cli._text import brief, duration, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from runspan.diff import Change, DecisionDiff, RunDiff

__all__ = ["print_diff"]

_COLOURS: Final = {"-": "red", "+": "green", "~": "yellow", " ": "dim"}


def print_diff(told: RunDiff) -> None:
    """Print what changed between two runs."""
    print_all(*_lines(told))


def _lines(told: RunDiff) -> Iterator[RenderableType]:
    yield Text(f"--- {_titled(told.before)}", "red")
    yield Text(f"+++ {_titled(told.after)}", "green")
    for line in (*map(_changed, told.changes), *_timed("took", told.duration_ms)):
        yield indented(Text(line), 2)
    for decision in told.decisions:
        sign = _sign(decision)
        yield Text(f"{sign} {_headed(decision)}", _COLOURS[sign])
        for line in _details(decision):
            yield indented(Text(line), 6)
    signs = [_sign(decision) for decision in told.decisions]
    counts = {sign: signs.count(sign) for sign in _COLOURS}
    yield Text(
        f"decisions: {counts[' ']} the same, {counts['~']} changed, {counts['-']} only in the first run, "
        f"{counts['+']} only in the second"
    )


def _titled(run: dict[str, Any]) -> str:
    return f"{visible(run.get('id'))}  {visible(run.get('status'))}  {visible(run.get('goal_id'))}"


def _sign(decision: DecisionDiff) -> str:
    if decision.before is None:
        return "+"
    if decision.after is None:
        return "-"
    return " " if decision.is_same else "~"


def _headed(decision: DecisionDiff) -> str:
    names = list(dict.fromkeys(str(each.get("id")) for each in (decision.before, decision.after) if each is not None))
    placed = ", moved" if decision.is_moved else ""
    return f"[{visible(decision.node_id)}] {visible(decision.intent)}  ({visible(' → '.join(names))}{placed})"


def _details(decision: DecisionDiff) -> Iterator[str]:
    only = decision.after if decision.before is None else decision.before if decision.after is None else None
    if only is not None:
        yield f"chosen: {_option(only, str(only.get('chosen_option_id') or ''))}"
        return
    for change in decision.changes:
        if change.at == "chosen_option_id":
            yield f"chosen: {_option(decision.before, change.before)} → {_option(decision.after, change.after)}"
        else:
            yield _changed(change)
    yield from _timed("latency", decision.latency_ms)
    yield from _timed("to its outcome", decision.elapsed_ms)


def _option(decision: dict[str, Any] | None, option_id: object) -> str:
    """Return the option of an id with its description."""
    options = (decision or {}).get("options")
    found = [option for option in options if isinstance(option, dict)] if isinstance(options, list) else []
    description = next((option.get("description") for option in found if option.get("id") == option_id), None)
    if not option_id:
        return "nothing"
    return brief(option_id) + (f" ({brief(description)})" if description else "")


def _changed(change: Change) -> str:
    return f"{visible(change.at)}: {brief(change.before)} → {brief(change.after)}"


def _timed(what: str, times: tuple[int | None, int | None]) -> Iterator[str]:
    if times[0] != times[1]:
        yield f"{what}: {' → '.join('none' if ms is None else duration(ms) for ms in times)}"
