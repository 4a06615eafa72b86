"""`runspan list`: the stored runs as a table, from their summaries, a page at a time."""

from __future__ import annotations

from itertools import islice
from pathlib import Path  # noqa: TC003 - click's decorated functions are read at run time
from typing import TYPE_CHECKING, Any, Final

import click

from runspan.cli._complete import run_ids
from runspan.cli._options import find_run_id, json_option, newest_first, open_storage, storage_option
from runspan.cli._progress import progress
from runspan.cli._selection import Selection, is_in_time, read_run, selected_ids, selection_options
from runspan.errors import CorruptFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runspan.models import RunSummary
    from runspan.storage import FileStorage

_EPILOG: Final = "\b\nExample:\n  runspan list --since 7d --storage .runspan\n"
_PAGE: Final = 50


@click.command("list", epilog=_EPILOG)
@selection_options
@click.option("--failed", is_flag=True, help="Only runs with a decision that failed.")
@click.option("--text", metavar="TEXT", help="Only runs in which this stands somewhere, in capitals or not.")
@click.option("--before", metavar="RUN", shell_complete=run_ids, help="Only runs older than this one: the next page.")
@click.option("--all", "everything", is_flag=True, help=f"Not only the newest {_PAGE}.")
@storage_option
@json_option
def list_runs(
    storage: Path | None,
    *,
    failed: bool,
    text: str | None,
    before: str | None,
    everything: bool,
    as_json: bool,
    **selected: Any,
) -> None:
    """List the stored runs, the newest first.

    RUN is a run's id, the unique beginning of one, or `latest`; a TIME is like 90s, 15m, 2h, 7d or
    2026-11-23T12:00:00Z.
    """
    opened, selection = open_storage(storage), Selection(**selected)
    limit = selection.limit or (None if everything else _PAGE)
    ids = _older(opened, selected_ids(opened, selection), before)
    with progress("Reading", len(ids)) as show:
        fitting = _fitting(opened, newest_first(opened, ids), _test_of(selection, text, failed=failed), show)
        runs = list(islice(_summaries(opened, fitting), limit))
        is_more = limit is not None and len(runs) == limit and next(fitting, None) is not None
    _print(runs, as_json=as_json, storage=opened)
    if is_more:
        click.echo(f"older ones: --before {runs[-1][1].run_id}", err=True)


def _older(storage: FileStorage, run_ids: list[str], before: str | None) -> list[str]:
    if before is None:
        return run_ids
    last = find_run_id(storage, before)
    ordered = [run_id for run_id, _ in newest_first(storage, {*run_ids, last})]
    return ordered[ordered.index(last) + 1 :]


def _test_of(selection: Selection, text: str | None, *, failed: bool) -> Callable[[dict[str, Any]], bool] | None:
    """Return what a run's content has to pass; None where its file need not be read for that."""
    if not (selection.since or selection.until or text or failed):
        return None
    from runspan.values import dumps

    def test(run: dict[str, Any]) -> bool:
        return (
            is_in_time(run, selection)
            and (not failed or any(map(_has_failed, run.get("decisions") or ())))
            and (not text or text.casefold() in dumps(run).decode().casefold())
        )

    return test


def _has_failed(decision: object) -> bool:
    outcome = decision.get("outcome") if isinstance(decision, dict) else None
    return isinstance(outcome, dict) and not outcome.get("success")


def _fitting(
    storage: FileStorage,
    runs: Iterator[tuple[str, str]],
    test: Callable[[dict[str, Any]], bool] | None,
    show: Callable[[int, str], None],
) -> Iterator[tuple[str, str]]:
    for number, (run_id, started) in enumerate(runs):
        if test is None:
            yield run_id, started
            continue
        show(number, "")
        run = read_run(storage, run_id)
        if run is not None and test(run):
            yield run_id, started


def _summaries(storage: FileStorage, runs: Iterator[tuple[str, str]]) -> Iterator[tuple[str, RunSummary]]:
    """Give start and summary of each run; name on stderr what cannot be read, and go on."""
    from runspan.cli._text import visible

    for run_id, started in runs:
        try:
            summary = storage.load_summary(run_id)
        except CorruptFileError as exc:
            click.echo(f"Warning: {visible(exc)}", err=True)
            continue
        if summary is not None:
            yield started, summary


def _print(runs: list[tuple[str, RunSummary]], *, as_json: bool, storage: FileStorage) -> None:
    from runspan.cli._render import jaeger_link, print_runs
    from runspan.settings import read_settings
    from runspan.values import dumps

    if as_json:
        url = read_settings().jaeger_url
        told = []
        for _, summary in runs:
            fields = summary.model_dump(mode="json")
            run = read_run(storage, summary.run_id) if url else None
            link = jaeger_link(url, run.get("trace_id")) if run else None
            told.append(fields | ({"jaeger_url": link} if link else {}))
        click.echo(dumps(told, indent=True))
    elif runs:
        print_runs(runs)
    else:
        click.echo("no runs yet" if not storage.list_all_runs() else "no such runs", err=True)
