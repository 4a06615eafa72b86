"""Single decisions and problems for people to read, whole. Knows neither storage nor options.

As in `_render`, everything that comes from a run file goes through `visible` and its like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.text import Text
from rich.tree import Tree

from runspan.cli._render import add_problem, decision_line, line, named, print_all
from runspan.texts import duration, json_text, visible, visible_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runspan.models import Decision, Option, Outcome, Run

__all__ = ["print_details", "print_problems"]

_MOST_SHOWN: Final = 100_000


def print_details(run: Run, decisions: Iterable[Decision]) -> None:
    """Print decisions with everything recorded of them; of a very long value the first 100,000 characters.

    Args:
        run: Their run.
        decisions: Which.
    """
    for decision in decisions:
        tree = Tree(decision_line(run, decision, ""), guide_style="dim")
        _add_choice(tree, decision)
        _add_outcome(tree, decision.outcome)
        if decision.evaluation is not None:
            _add_json(tree, "evaluation", dict(decision.evaluation))
        for name, value in (decision.model_extra or {}).items():
            _add_json(tree, visible(name), value)
        for problem in run.problems:
            if problem.decision_id == decision.id:
                add_problem(tree, run, problem, is_placed=True)
        print_all(tree)


def _add_choice(tree: Tree, decision: Decision) -> None:
    for option in decision.options:
        _add_option(tree, option, is_chosen=option.id == decision.chosen_option_id)
    if decision.chosen_option_id and decision.chosen_option is None:
        tree.add(line(("yellow", f"▶ {visible(decision.chosen_option_id)}"), ("dim", "is none of the options")))
    _add_text(tree, "why", decision.reasoning)
    for constraint in decision.active_constraints:
        _add_text(tree, "constraint", constraint)
    _add_json(tree, "context", decision.input_context)


def print_problems(run: Run) -> None:
    """Print what was reported as a problem, the worst first, each with what it is about."""
    order = {"critical": 0, "warning": 1, "minor": 2}
    problems = sorted(run.problems, key=lambda problem: order.get(problem.severity, len(order)))
    tree = Tree(line(("bold", visible(run.id)), ("", f"{len(problems)} problems")), guide_style="dim")
    for problem in problems:
        add_problem(tree, run, problem, is_placed=False)
    print_all(tree)
    failed = [decision for decision in run.decisions if decision.outcome is not None and not decision.outcome.success]
    for decision in failed:
        error = visible(_error_of(decision.outcome))
        print_all(Text(f"failed: {visible(decision.id)} {visible(decision.intent)}: {error}"))


def _error_of(outcome: Outcome | None) -> str:
    return (outcome.error or outcome.summary or "no reason given") if outcome is not None else ""


def _add_option(tree: Tree, option: Option, *, is_chosen: bool) -> None:
    style = "green" if is_chosen else "dim"
    words = [(style, f"{'▶' if is_chosen else '○'} {visible(option.id)}"), ("", visible(option.description))]
    branch = tree.add(line(*words, ("dim", f"{visible(option.action_type)}, confidence {option.confidence:g}")))
    for mark, reasons in (("+", option.pros), ("-", option.cons)):
        for reason in reasons:
            _add_text(branch, mark, reason)
    _add_json(branch, "params", option.action_params)


def _add_outcome(tree: Tree, outcome: Outcome | None) -> None:
    if outcome is None:
        tree.add(line(("yellow", "? no outcome")))
        return
    mark, style = ("✓ success", "green") if outcome.success else ("✗ failure", "red")
    branch = tree.add(
        line((style, mark), ("cyan", duration(outcome.latency_ms)), ("cyan", f"{outcome.tokens_used:,} tokens"))
    )
    _add_text(branch, "summary", outcome.summary)
    _add_text(branch, "error", outcome.error or "")
    _add_json(branch, "result", outcome.result)
    _add_json(branch, "changed", outcome.state_changes)


def _add_text(tree: Tree, name: str, text: str) -> None:
    if text:
        shown, left_out = visible_lines(text, _MOST_SHOWN)
        tree.add(named(name, shown + (f"… ({left_out:,} more characters)" if left_out else "")))


def _add_json(tree: Tree, name: str, value: Any) -> None:
    if value not in (None, {}, []):
        text = value if isinstance(value, str) else json_text(value, 2)
        _add_text(tree, name, text)
