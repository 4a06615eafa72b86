"""`runspan list`: the stored runs as a table, from their summaries."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - click's decorated functions are read at run time
from typing import TYPE_CHECKING, Final

import click

from runspan.cli._options import json_option, newest_first, open_storage, storage_option
from runspan.errors import CorruptFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runspan.models import RunSummary
    from runspan.storage import FileStorage

_EPILOG: Final = "\b\nExample:\n  runspan list --storage .runspan\n"


@click.command("list", epilog=_EPILOG)
@storage_option
@json_option
def list_runs(storage: Path | None, *, as_json: bool) -> None:
    """List the stored runs, the newest first."""
    from runspan.values import dumps

    runs = list(_summaries(open_storage(storage)))
    if as_json:
        click.echo(dumps([summary.model_dump(mode="json") for _, summary in runs], indent=True))
        return
    if not runs:
        click.echo("no runs yet", err=True)
        return
    from runspan.cli._render import print_runs

    print_runs(runs)


def _summaries(storage: FileStorage) -> Iterator[tuple[str, RunSummary]]:
    """Give start and summary of each run; name on stderr what cannot be read, and go on."""
    from runspan.cli._text import visible

    for run_id, started in newest_first(storage):
        try:
            summary = storage.load_summary(run_id)
        except CorruptFileError as exc:
            click.echo(f"Warning: {visible(exc)}", err=True)
            continue
        if summary is not None:
            yield started, summary
