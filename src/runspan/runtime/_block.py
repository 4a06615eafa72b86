"""A run held open by a `with` block. Knows only how a block ends and what that makes of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runspan.native import RunStatus

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from runspan.runtime._run import OpenRun

__all__ = ["RunBlock"]


class RunBlock:
    """Context manager around one run, for `with` and `async with` alike."""

    def __init__(self, begin: Callable[[], OpenRun]) -> None:
        """Made by `Runtime.run` only; the run begins when the block is entered."""
        self._begin = begin
        self._run: OpenRun | None = None

    def __enter__(self) -> OpenRun:
        """Start the run."""
        self._run = self._begin()
        return self._run

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the run by the way the block was left; an end inside the block has won already."""
        if self._run is not None:
            self._run.end(_status(exc), exc=exc)

    async def __aenter__(self) -> OpenRun:
        """As `__enter__`."""
        return self.__enter__()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """As `__exit__`."""
        self.__exit__(exc_type, exc, traceback)


def _status(exc: BaseException | None) -> RunStatus:
    if exc is None:
        return RunStatus.COMPLETED
    return RunStatus.FAILED if isinstance(exc, Exception) else RunStatus.CANCELLED
