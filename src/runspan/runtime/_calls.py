"""The calls an agent makes, as it sees them: names, order and defaults of the native Runtime API.

Knows neither record nor spans: each call finds its run and hands the arguments over. Runtime and OpenRun share them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, overload

from runspan.native import DecisionType
from runspan.runtime._execution import DecisionBlock, Execution

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
    from typing import Unpack

    from runspan.runtime._run import OpenRun

__all__ = ["DecideArguments", "RecordingCalls"]

_T = TypeVar("_T")


class DecideArguments(TypedDict, total=False):
    """Optional arguments of `decide`, for the calls that pass them on."""

    node_id: str | None
    decision_type: DecisionType | str
    constraints: Sequence[str] | None
    context: Mapping[str, Any] | None


class RecordingCalls(ABC):
    """Calls that record in a run. None of them ever raises for what it is given; doubts are logged."""

    @abstractmethod
    def find_run(self, call: str) -> OpenRun | None:
        """Return the run a call belongs to, or None after a warning that names the call."""

    def end_run(self, success: bool, narrative: str = "", output_data: Mapping[str, Any] | None = None) -> None:  # noqa: FBT001 - the native API
        """End the run and write its file; after it returns the file is on disk.

        Args:
            success: Completed, or failed.
            narrative: What happened, in words; a default one is made if it is empty.
            output_data: What came out, a JSON object.
        """
        run = self.find_run("end_run")
        if run is not None:
            run.end(None, success, narrative, output_data)

    def decide(
        self,
        intent: str,
        options: Sequence[Any],
        chosen: str,
        reasoning: str,
        node_id: str | None = None,
        decision_type: DecisionType | str = DecisionType.CUSTOM,
        constraints: Sequence[str] | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> str:
        """Record a decision. Until its outcome is recorded its span is current.

        Args:
            intent: What the agent wants to achieve.
            options: What it could do: dicts with `id`, and optionally `description`, `action_type`, `action_params`,
                `pros`, `cons`, `confidence`. Other keys are ignored.
            chosen: Id of the option it takes.
            reasoning: Why.
            node_id: Part of the agent that decides; else the one given to `set_node`.
            decision_type: One of DecisionType, or its text.
            constraints: What limited the choice.
            context: What the agent knew, a JSON object.

        Returns:
            The decision's id (`dec_0`, …), for `record_outcome`; "" without a run in progress.
        """
        run = self.find_run("decide")
        if run is None:
            return ""
        decision = run.add_decision(intent, options, chosen, reasoning, node_id, decision_type, constraints, context)
        return "" if decision is None else decision.id

    def record_outcome(
        self,
        decision_id: str,
        success: bool,  # noqa: FBT001 - the native API
        result: Any = None,
        error: str | None = None,
        summary: str = "",
        state_changes: Mapping[str, Any] | None = None,
        tokens_used: int = 0,
        latency_ms: int = 0,
    ) -> None:
        """Record what became of a decision. The first outcome stands; a second one is kept as a problem.

        Args:
            decision_id: As `decide` returned it.
            success: Whether it worked.
            result: What came out; anything, made JSON.
            error: What went wrong.
            summary: The result in one sentence.
            state_changes: What changed, a JSON object.
            tokens_used: Tokens spent.
            latency_ms: Time taken, in whole milliseconds.
        """
        run = self.find_run("record_outcome")
        if run is not None:
            run.add_outcome(decision_id, success, result, error, summary, state_changes, tokens_used, latency_ms)

    def report_problem(
        self,
        severity: str,
        description: str,
        decision_id: str | None = None,
        root_cause: str | None = None,
        suggested_fix: str | None = None,
    ) -> str:
        """Record a problem.

        Args:
            severity: critical, warning or minor.
            description: What is wrong.
            decision_id: The decision it is about, if any.
            root_cause: Why.
            suggested_fix: What to do.

        Returns:
            The problem's id (`prob_0`, …); "" without a run in progress.
        """
        run = self.find_run("report_problem")
        if run is None:
            return ""
        return run.add_problem(severity, description, decision_id, root_cause, suggested_fix)

    def quick_decision(self, intent: str, action: str, reasoning: str, node_id: str | None = None) -> str:
        """Record a decision that had one option only, which is taken.

        Args:
            intent: What the agent wants to achieve.
            action: What it does.
            reasoning: Why.
            node_id: As for `decide`.

        Returns:
            The decision's id, as `decide`.
        """
        option = {"id": "action", "description": action, "action_type": "execute"}
        return self.decide(intent, [option], "action", reasoning, node_id)

    @overload
    def decide_and_execute(  # type: ignore[overload-overlap]  # what is awaitable is something, too
        self,
        intent: str,
        options: Sequence[Any],
        chosen: str,
        reasoning: str,
        executor: Callable[[], Awaitable[_T]],
        **kwargs: Unpack[DecideArguments],
    ) -> Coroutine[Any, Any, tuple[str, _T]]: ...

    @overload
    def decide_and_execute(
        self,
        intent: str,
        options: Sequence[Any],
        chosen: str,
        reasoning: str,
        executor: Callable[[], _T],
        **kwargs: Unpack[DecideArguments],
    ) -> tuple[str, _T]: ...

    def decide_and_execute(
        self,
        intent: str,
        options: Sequence[Any],
        chosen: str,
        reasoning: str,
        executor: Callable[[], Any],
        **kwargs: Unpack[DecideArguments],
    ) -> Any:
        """Record a decision, carry it out and record what became of it.

        Decisions made inside `executor` are its children. An exception of `executor` is recorded and goes on
        unchanged. Without a run in progress `executor` is called all the same.

        Args:
            intent: As for `decide`.
            options: As for `decide`.
            chosen: As for `decide`.
            reasoning: As for `decide`.
            executor: Called without arguments. If what it returns is awaitable, so is what this returns.
            kwargs: The other arguments of `decide`.

        Returns:
            The decision's id and the result; an awaitable of both if the result is awaitable.
        """
        run = self.find_run("decide_and_execute")
        return Execution(run, intent, options, chosen, reasoning, **kwargs).call(executor)

    def decision(
        self,
        intent: str,
        options: Sequence[Any],
        chosen: str,
        reasoning: str,
        **kwargs: Unpack[DecideArguments],
    ) -> DecisionBlock:
        """Record a decision and carry it out in a block: `with runtime.decision(…) as d: …; d.outcome(…)`.

        Decisions made inside the block are its children. Leaving it without an outcome records success with its
        latency, leaving it by an exception a failure. Works with `async with` as well.

        Args:
            intent: As for `decide`.
            options: As for `decide`.
            chosen: As for `decide`.
            reasoning: As for `decide`.
            kwargs: The other arguments of `decide`.

        Returns:
            A context manager that gives an OpenDecision.
        """
        return DecisionBlock(lambda: Execution(self.find_run("decision"), intent, options, chosen, reasoning, **kwargs))
