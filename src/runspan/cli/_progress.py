"""How far a long command is: a bar on stderr, where that is a terminal. Knows no command."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["progress"]


@contextmanager
def progress(what: str, total: int | None, *, is_bytes: bool = False) -> Iterator[Callable[[int, str], None]]:
    """Show a bar while the block runs; nothing where nobody looks.

    Args:
        what: What is done.
        total: How much there is to do; None where nobody knows.
        is_bytes: Whether it is told in bytes.

    Returns:
        What to call with how much is done, and a word on it.
    """
    if not sys.stderr.isatty():
        yield lambda _done, _word: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    amount = DownloadColumn() if is_bytes else MofNCompleteColumn()
    columns = [TextColumn(what), BarColumn(), amount, TimeRemainingColumn(), TextColumn("{task.fields[word]}")]
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total, word="")
        yield lambda done, word: bar.update(task, completed=done, word=word)
