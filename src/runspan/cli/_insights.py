"""`runspan insights`: what many stored runs have in common."""

from __future__ import annotations

import gc
from dataclasses import asdict
from pathlib import Path  # noqa: TC003 - click's decorated functions are read at run time
from typing import TYPE_CHECKING, Any, Final

import click

from runspan.cli._options import echo_json, html_option, json_option, open_storage, storage_option, write_page
from runspan.cli._progress import progress
from runspan.cli._selection import Selection, selected_ids, selected_runs, selection_options

if TYPE_CHECKING:
    from runspan.insights import Insights
    from runspan.storage import FileStorage

_EPILOG: Final = "\b\nExample:\n  runspan insights --storage .runspan --since 7d\n"
_STEP: Final = 200


@click.command(epilog=_EPILOG)
@selection_options
@storage_option
@json_option
@html_option
def insights(storage: Path | None, *, as_json: bool, html: Path | None, **selected: Any) -> None:
    """Show what many runs have in common: what works, what fails, what it costs, and how that changes.

    All stored runs, or those that arguments and options select. RUN is a run's id, the unique beginning of one, or
    `latest`; a TIME is like 90s, 15m, 2h, 7d or 2026-11-23T12:00:00Z.

    A pattern is told only if it is large, frequent, and clearer than chance comes to among all that were looked for.
    Rates stand with their 95 % interval; those of fewer than 20 outcomes are marked as small.
    """
    selection = Selection(**selected)
    found = _find(open_storage(storage), selection)
    if html is not None:
        from runspan.pages import insights_page

        write_page(html, insights_page(found, selection=selection.words))
    elif as_json:
        from runspan.values import dumps

        echo_json(dumps(asdict(found), indent=True))
    elif not found.runs:
        click.echo("no such runs", err=True)
    else:
        from runspan.cli._render_insights import print_insights

        print_insights(found)


def _find(storage: FileStorage, selection: Selection) -> Insights:
    from runspan.insights import find_insights

    run_ids = selected_ids(storage, selection)
    gc.disable()  # JSON data has no cycles, and looking for them in millions of dicts takes a fifth of the time
    try:
        with progress("reading runs", len(run_ids)) as show:
            runs = selected_runs(storage, run_ids, selection, lambda done: None if done % _STEP else show(done, ""))
            return find_insights(runs)
    finally:
        gc.enable()
