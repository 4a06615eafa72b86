"""`runspan list`: the stored runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runspan.cli._options import json_option, newest_first, open_storage, storage_option
from runspan.errors import CorruptFileError
from runspan.values import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from runspan.storage import FileStorage

__all__ = ["command"]


@click.command("list")
@click.option("-n", "--most", type=click.IntRange(min=1), default=50, show_default=True, help="How many runs at most.")
@storage_option
@json_option
def command(most: int, storage: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes options by name
    """List stored runs, newest first.

    \b
    Example:
      runspan list
      runspan list -n 5 --json
    """
    opened = open_storage(storage)
    run_ids = newest_first(opened)
    rows = list(_summaries(opened, run_ids[:most]))
    if as_json:
        click.echo(dumps(rows, indent=True))
        return
    from runspan.cli._tree import console

    if rows:
        console().print(_table(rows))
    if len(run_ids) > most:
        click.echo(f"{len(run_ids) - most:,} older runs are not shown; see more with: runspan list -n 1000", err=True)
    if not run_ids:
        click.echo(f"No runs in {opened.base_path} yet.", err=True)


def _summaries(storage: FileStorage, run_ids: list[str]) -> Iterator[dict[str, Any]]:
    """Give each run's summary; a run that cannot be read is named and passed over."""
    for run_id in run_ids:
        try:
            summary = storage.load_summary(run_id)
        except CorruptFileError as exc:
            click.echo(f"Note: {exc}", err=True)
            continue
        if summary is not None:
            yield summary.model_dump(mode="json")


def _table(rows: list[dict[str, Any]]) -> Table:
    from rich import box
    from rich.table import Table

    from runspan.cli._text import duration, plain

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("run", no_wrap=True, overflow="fold")
    table.add_column("goal", overflow="fold")
    table.add_column("status")
    for name in ("decisions", "success", "problems", "took"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            plain(row["run_id"]),
            plain(row["goal_id"]),
            plain(row["status"]),
            str(row["decision_count"]),
            f"{row['success_rate']:.0%}",
            str(row["problem_count"]),
            duration(row["duration_ms"]),
        )
    return table
