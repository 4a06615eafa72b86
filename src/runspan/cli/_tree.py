"""One run as a tree for people. Knows no storage and no command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.console import Console, Group
from rich.text import Text
from rich.tree import Tree

from runspan.cli._text import brief, duration, plain, since, when

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["console", "run_tree"]

_STATUS_STYLES: Final = {"completed": "green", "failed": "red", "stuck": "red", "cancelled": "yellow"}
_SEVERITY_STYLES: Final = {"critical": "bold red", "warning": "yellow"}
_PIPE_WIDTH: Final = 120

_Part = dict[str, Any]


def console() -> Console:
    """Return a console for standard output: colours on a terminal only, nothing read as markup, nothing cut."""
    found = Console(markup=False, emoji=False, highlight=False)
    return found if found.is_terminal else Console(markup=False, emoji=False, highlight=False, width=_PIPE_WIDTH)


def run_tree(run: _Part) -> Tree:
    """Return a run: decisions, options with the chosen one marked, reasoning, outcome, problems, times."""
    tree = Tree(_header(run), guide_style="dim")
    branches: dict[str, Tree] = {}
    problems = [problem for problem in run.get("problems") or [] if isinstance(problem, dict)]
    for decision in run.get("decisions") or []:
        parent = branches.get(str(decision.get("parent_decision_id")), tree)
        branches[str(decision.get("id"))] = parent.add(_decision(decision, run))
    for problem in problems:
        branches.get(str(problem.get("decision_id")), tree).add(_problem(problem, run))
    return tree


def _header(run: _Part) -> RenderableType:
    status = str(run.get("status"))
    first = Text.assemble(
        plain(run.get("id"), "bold"),
        "  ",
        plain(run.get("goal_id")),
        "  ",
        plain(status, _STATUS_STYLES.get(status, "")),
    )
    second = Text(f"{when(run.get('started_at'))} UTC, {duration(run.get('duration_ms'))}", style="dim")
    lines = [first, second, *(plain(run[name]) for name in ("goal_description", "narrative") if run.get(name))]
    if run.get("incomplete"):
        lines.append(plain(f"incomplete: {'; '.join(map(str, run['incomplete']))}", "yellow"))
    return Group(*lines)


def _decision(decision: _Part, run: _Part) -> RenderableType:
    outcome = decision.get("outcome")
    mark = Text("○ ", style="dim") if outcome is None else _mark(outcome)
    title = Text.assemble(
        mark,
        plain(f"[{decision.get('node_id')}] ", "cyan"),
        plain(decision.get("intent"), "bold"),
        Text(f"  {decision.get('id')}  {since(run.get('started_at'), decision.get('timestamp'))}", style="dim"),
    )
    lines: list[RenderableType] = [title, *_options(decision)]
    if decision.get("reasoning"):
        lines.append(Text.assemble(("  because ", "dim"), brief(decision["reasoning"])))
    for label, name in (("  given ", "active_constraints"), ("  knowing ", "input_context")):
        if decision.get(name):
            lines.append(Text.assemble((label, "dim"), brief(decision[name])))
    lines.append(_outcome(outcome))
    return Group(*lines)


def _mark(outcome: _Part) -> Text:
    return Text("✓ ", style="green") if outcome.get("success") else Text("✗ ", style="red")


def _options(decision: _Part) -> list[Text]:
    chosen = decision.get("chosen_option_id")
    lines = [_option(option, is_chosen=option.get("id") == chosen) for option in decision.get("options") or []]
    if chosen and not any(option.get("id") == chosen for option in decision.get("options") or []):
        lines.append(Text.assemble(("  ▶ ", "green"), plain(chosen, "bold"), (" (none of the options)", "dim")))
    return lines


def _option(option: _Part, *, is_chosen: bool) -> Text:
    line = Text.assemble(
        ("  ▶ ", "green") if is_chosen else ("  · ", "dim"),
        plain(option.get("id"), "bold" if is_chosen else ""),
        " ",
        brief(option.get("description") or ""),
        Text(f"  {option.get('confidence')}", style="dim"),
    )
    for sign, name in (("+", "pros"), ("-", "cons")):
        for reason in option.get(name) or []:
            line.append_text(Text.assemble((f"  {sign}", "dim"), brief(reason, 60)))
    return line


def _outcome(outcome: _Part | None) -> Text:
    if outcome is None:
        return Text("  no outcome", style="dim")
    told = outcome.get("summary") or outcome.get("error") or ""
    line = Text.assemble(("  → ", "dim"), brief(told))
    if outcome.get("error") and outcome.get("summary"):
        line.append_text(Text.assemble("  ", brief(outcome["error"]).copy()))
    if outcome.get("result") is not None:
        line.append_text(Text.assemble(("  result ", "dim"), brief(outcome["result"], 100)))
    if outcome.get("tokens_used"):
        line.append(f"  {outcome['tokens_used']} tokens", style="dim")
    if outcome.get("latency_ms"):
        line.append(f"  {duration(outcome['latency_ms'])}", style="dim")
    return line


def _problem(problem: _Part, run: _Part) -> RenderableType:
    severity = str(problem.get("severity"))
    line = Text.assemble(
        ("! ", _SEVERITY_STYLES.get(severity, "")),
        plain(severity, _SEVERITY_STYLES.get(severity, "")),
        " ",
        brief(problem.get("description") or ""),
        Text(f"  {since(run.get('started_at'), problem.get('timestamp'))}", style="dim"),
    )
    for label, name in (("  cause: ", "root_cause"), ("  fix: ", "suggested_fix")):
        if problem.get(name):
            line.append_text(Text.assemble((label, "dim"), brief(problem[name])))
    return line
