"""A decision that is carried out: from its start to its outcome, with or without `await`. Knows no spans.

What the agent's code raises is recorded and goes on unchanged; cancellation and its like leave an outcome too.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from runspan.native import DecisionType
from runspan.runtime._context import Scope, current_scope, enter, restore_scope
from runspan.values import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from runspan.runtime._run import OpenRun

__all__ = ["DecisionBlock", "Execution", "OpenDecision"]


class Execution:
    """One decision under way. Without a run it only calls what it is given."""

    def __init__(
        self,
        run: OpenRun | None,
        intent: object,
        options: object,
        chosen: object,
        reasoning: object,
        node_id: object = None,
        decision_type: object = DecisionType.CUSTOM,
        constraints: object = None,
        context: object = None,
    ) -> None:
        """Record the decision; arguments as for `decide`."""
        self._run = run
        self._decision = None
        if run is not None:
            self._decision = run.add_decision(
                intent, options, chosen, reasoning, node_id, decision_type, constraints, context
            )
        self._scope: Scope | None = None
        self.has_outcome = False

    @property
    def decision_id(self) -> str:
        """The decision's id; "" without a run."""
        return "" if self._decision is None else self._decision.id

    @property
    def run(self) -> OpenRun | None:
        """The run it belongs to, if any."""
        return self._run

    def enter(self) -> None:
        """Make it the decision that later ones are made inside of, in this context."""
        if self._run is not None and self._decision is not None:
            self._scope = Scope(self._run, self._decision, current_scope())
            enter(self._decision.forwarding, self._scope)

    def leave(self) -> None:
        """Undo `enter`, in this context."""
        if self._scope is not None:
            restore_scope(self._scope)

    def succeed(self, result: object = None) -> None:
        """Record success with its latency, unless there is an outcome."""
        self.outcome(success=True, result=result)

    def fail(self, exc: BaseException) -> None:
        """Record what escaped from the agent's code, unless there is an outcome."""
        cancelled = not isinstance(exc, Exception)
        error = text_of(exc) or (type(exc).__name__ if cancelled else "")
        self.outcome(success=False, error=error, cancelled=cancelled, exc=exc)

    def outcome(
        self,
        *,
        success: object,
        result: object = None,
        error: object = None,
        summary: object = "",
        state_changes: object = None,
        tokens_used: object = 0,
        latency_ms: object = None,
        cancelled: bool = False,
        exc: BaseException | None = None,
    ) -> None:
        """Record the outcome, the latency measured if none is given. A later one of our own does not count."""
        if self._run is None or self._decision is None or self.has_outcome:
            return
        self.has_outcome = True
        latency = self._run.elapsed_ms(self._decision.made) if latency_ms is None else latency_ms
        fields = (success, result, error, summary, state_changes, tokens_used, latency)
        self._run.add_outcome(self._decision.id, *fields, cancelled=cancelled, exc=exc)

    def call(self, executor: Callable[[], Any]) -> Any:
        """Call the executor inside the decision; see `RecordingCalls.decide_and_execute`."""
        self.enter()
        try:
            result = executor()
        except BaseException as exc:
            self.fail(exc)
            raise
        finally:
            self.leave()
        if _is_awaitable(result):
            return self._wait(result)
        self.succeed(result)
        return self.decision_id, result

    async def _wait(self, awaitable: Awaitable[Any]) -> tuple[str, Any]:
        self.enter()
        try:
            result = await awaitable
        except BaseException as exc:  # a cancelled task must not leave its decision open
            self.fail(exc)
            raise
        finally:
            self.leave()
        self.succeed(result)
        return self.decision_id, result


def _is_awaitable(result: object) -> bool:
    try:
        return isinstance(result, Awaitable)
    except Exception:  # noqa: BLE001 - an object may lie about its class, and raise when it is asked
        return False


class OpenDecision:
    """A decision whose block is under way; comes from `with runtime.decision(…) as d`."""

    def __init__(self, execution: Execution) -> None:
        """Made by a block only."""
        self._execution = execution

    def __repr__(self) -> str:
        """Show the id, never content."""
        return f"<OpenDecision {self.id or 'without a run'}>"

    @property
    def id(self) -> str:
        """The decision's id; "" without a run in progress."""
        return self._execution.decision_id

    def outcome(
        self,
        success: bool = True,  # noqa: FBT001, FBT002 - as record_outcome has it
        result: Any = None,
        error: str | None = None,
        summary: str = "",
        state_changes: Mapping[str, Any] | None = None,
        tokens_used: int = 0,
        latency_ms: int | None = None,
    ) -> None:
        """Record what became of it; arguments as for `record_outcome`.

        Args:
            success: Whether it worked.
            result: What came out.
            error: What went wrong.
            summary: The result in one sentence.
            state_changes: What changed.
            tokens_used: Tokens spent.
            latency_ms: Whole milliseconds; measured since the block began if it is not given.
        """
        execution = self._execution
        if execution.has_outcome and execution.run is not None:
            execution.run.record_outcome(
                self.id, success, result, error, summary, state_changes, tokens_used, latency_ms or 0
            )
            return
        execution.outcome(
            success=success,
            result=result,
            error=error,
            summary=summary,
            state_changes=state_changes,
            tokens_used=tokens_used,
            latency_ms=latency_ms,
        )

    def problem(
        self, severity: str, description: str, root_cause: str | None = None, suggested_fix: str | None = None
    ) -> str:
        """Report a problem with this decision; returns its id.

        Args:
            severity: critical, warning or minor.
            description: What is wrong.
            root_cause: Why.
            suggested_fix: What to do.
        """
        run = self._execution.run
        return "" if run is None else run.report_problem(severity, description, self.id, root_cause, suggested_fix)


class DecisionBlock:
    """Context manager around one decision, for `with` and `async with` alike."""

    def __init__(self, begin: Callable[[], Execution]) -> None:
        """Made by `decision` only; the decision begins when the block is entered."""
        self._begin = begin
        self._execution: Execution | None = None

    def __enter__(self) -> OpenDecision:
        """Record the decision and enter it."""
        self._execution = self._begin()
        self._execution.enter()
        return OpenDecision(self._execution)

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Record the outcome that is still missing, and leave."""
        execution = self._execution
        if execution is None:
            return
        if exc is None:
            execution.succeed()
        else:
            execution.fail(exc)
        execution.leave()

    async def __aenter__(self) -> OpenDecision:
        """As `__enter__`."""
        return self.__enter__()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """As `__exit__`."""
        self.__exit__(exc_type, exc, traceback)
