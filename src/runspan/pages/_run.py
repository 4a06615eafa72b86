"""One run as a page: a timeline, then each decision with its options. Knows no storage."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from runspan.native import duration_ms, parse_timestamp_ns, success_rate
from runspan.pages._page import percent, render
from runspan.texts import brief, duration, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["run_page"]

_MOST_DECISIONS: Final = 1_000
_MOST_PROBLEMS: Final = 200
_MOST_OPTIONS: Final = 20
_MOST_OPEN: Final = 20
"""Runs of more decisions show only the failed ones unfolded."""
_DEEPEST: Final = 8
_NS_PER_MS: Final = 1_000_000
_THINNEST: Final = 0.4
_KINDS: Final = {"completed": "good", "failed": "bad", "stuck": "bad", "cancelled": "warn"}
_FRACTION: Final = re.compile(r"\.\d+")


@dataclass(slots=True, kw_only=True)
class Branch:
    """Decisions made on one level."""

    rows: list[Row] = field(default_factory=list)
    is_root: bool = False


@dataclass(slots=True, kw_only=True)
class Row:
    """One decision, and where it stands."""

    decision: dict[str, Any]
    anchor: str
    kind: str
    when: str
    x: str = "0"
    width: str = "0"
    parent: Row | None = None
    note: str = ""
    depth: int = 0
    inside: Branch = field(default_factory=Branch)
    options: list[dict[str, Any]] = field(default_factory=list)
    options_left_out: int = 0
    is_strange: bool = False
    problems: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class RunView:
    """What the template shows."""

    run: dict[str, Any]
    kind: str
    jaeger_url: str | None
    facts: list[tuple[str, str]]
    rows: list[Row]
    timeline: Branch
    is_open: bool
    decisions_left_out: int
    problems: list[dict[str, Any]]
    problems_left_out: int


def run_page(run: Mapping[str, Any], *, jaeger_url: str | None = None) -> str:
    """Return a run as one self-contained HTML file.

    Args:
        run: The run as the native format has it, complete: what `Run.model_dump(mode="json")` gives.
        jaeger_url: Page of its trace, if there is one to link to.
    """
    told: dict[str, Any] = {"incomplete": None, "trace_id": None} | dict(run)
    decisions = told["decisions"]
    rows = _rows(told, decisions[:_MOST_DECISIONS])
    problems = told["problems"][:_MOST_PROBLEMS]
    view = RunView(
        run=told,
        kind=_KINDS.get(str(told["status"]), ""),
        jaeger_url=jaeger_url,
        facts=[*_facts(told), *([("Trace", str(told["trace_id"]))] if told["trace_id"] and not jaeger_url else [])],
        rows=rows,
        timeline=_timeline(rows),
        is_open=len(decisions) <= _MOST_OPEN,
        decisions_left_out=len(decisions) - len(rows),
        problems=_placed(problems, rows),
        problems_left_out=len(told["problems"]) - len(problems),
    )
    return render("run.html.j2", view=view)


def _facts(run: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Run", run["id"]
    for name, title in (("agent_name", "Agent"), ("session_id", "Session")):
        if run.get(name):
            yield title, brief(run[name])
    yield "Started", _FRACTION.sub("", str(run["started_at"])).replace("T", " ").replace("Z", " UTC")
    ended = run["completed_at"]
    yield "Took", duration(duration_ms(run["started_at"], ended)) if ended else "not ended"
    metrics = run["metrics"]
    if run["decisions"]:
        rate = percent(success_rate(metrics))
        yield "Decisions", f"{len(run['decisions']):,}, {rate} of them successful"
    if metrics["total_tokens"]:
        yield "Tokens", f"{metrics['total_tokens']:,}"


def _rows(run: Mapping[str, Any], decisions: list[dict[str, Any]]) -> list[Row]:
    spans = [_span_ms(run, decision) for decision in decisions]
    whole = max([1.0, float(duration_ms(run["started_at"], run["completed_at"])), *(sum(span) for span in spans)])
    rows: list[Row] = []
    by_id: dict[str, Row] = {}
    for number, (decision, (start, length)) in enumerate(zip(decisions, spans, strict=True)):
        outcome = decision["outcome"]
        row = Row(
            decision=decision,
            anchor=f"decision-{number}",
            kind="open" if not outcome else "good" if outcome["success"] else "bad",
            when=f"+{duration(start)}" + (f", {duration(length)}" if outcome else ""),
        )
        width = max(_THINNEST, min(100.0, 100 * length / whole))
        row.x, row.width = f"{min(100 - width, 100 * start / whole):.2f}", f"{width:.2f}"
        row.parent = by_id.get(str(decision.get("parent_decision_id")))
        row.depth = row.parent.depth + 1 if row.parent is not None else 0
        _add_options(row)
        rows.append(row)
        by_id[str(decision["id"])] = row
    return rows


def _span_ms(run: Mapping[str, Any], decision: Mapping[str, Any]) -> tuple[int, int]:
    """Return when a decision was made, from the run's start, and how long it took to its outcome."""
    started, made = parse_timestamp_ns(run["started_at"]), parse_timestamp_ns(decision["timestamp"])
    outcome = decision["outcome"] or {}
    ended = parse_timestamp_ns(outcome.get("timestamp"))
    start = 0 if started is None or made is None else max(0, (made - started) // _NS_PER_MS)
    elapsed = 0 if made is None or ended is None else (ended - made) // _NS_PER_MS
    latency = outcome.get("latency_ms")
    return start, max(0, elapsed, latency if isinstance(latency, int) else 0)


def _add_options(row: Row) -> None:
    chosen = row.decision["chosen_option_id"]
    options = row.decision["options"]
    kept = [option for index, option in enumerate(options) if index < _MOST_OPTIONS or option["id"] == chosen]
    row.options = kept[: _MOST_OPTIONS + 1]
    row.options_left_out = len(options) - len(row.options)
    row.is_strange = bool(chosen) and all(option["id"] != chosen for option in options)


def _timeline(rows: list[Row]) -> Branch:
    """Put decisions inside each other, as far as there is room for it."""
    root = Branch(is_root=True)
    for row in rows:
        place = row.parent
        while place is not None and place.depth >= _DEEPEST:
            place = place.parent
        if place is not row.parent and row.parent is not None:
            row.note = f"inside {visible(row.parent.decision['id'], 60)}"
        (root if place is None else place.inside).rows.append(row)
    return root


def _placed(problems: list[dict[str, Any]], rows: list[Row]) -> list[dict[str, Any]]:
    """Put each problem to its decision; return all with the place they are about."""
    by_id = {str(row.decision["id"]): row for row in rows}
    told = []
    for problem in problems:
        row = by_id.get(str(problem["decision_id"]))
        if row is not None:
            row.problems.append(problem)
        about = row.decision["intent"] if row is not None else problem["decision_id"]
        told.append({"problem": problem, "place": f"about: {visible(about, 90)}" if about else ""})
    return told
