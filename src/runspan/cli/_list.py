"""`runspan list`: the stored runs as a table, from their summaries, a page at a time."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path  # noqa: TC003 - click's decorated functions are read at run time
from typing import TYPE_CHECKING, Any, Final

import click

from runspan.cli._complete import run_ids
from runspan.cli._options import echo_json, find_run_id, json_option, newest_first, open_storage, storage_option
from runspan.cli._progress import progress
from runspan.cli._selection import Selection, is_in_time, read_run, selected_ids, selection_options
from runspan.cli._text import visible
from runspan.errors import CorruptFileError
from runspan.texts import json_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runspan.storage import FileStorage

_EPILOG: Final = "\b\nExample:\n  runspan list --since 7d --storage .runspan\n"
_PAGE: Final = 50
_STRUCTURE: Final = frozenset('"\\/:,{}[]')
"""Characters that a file may write in another way, or with spaces around them."""


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
    ids = selected_ids(opened, selection)
    last = None if before is None else find_run_id(opened, before)
    test = _test_of(selection, text, failed=failed)
    with progress("Reading", len(ids)) if test else nullcontext(_say_nothing) as show:
        fitting = _fitting(opened, newest_first(opened, ids, before=last), test, show)
        runs = list(islice(_summaries(opened, fitting), limit))
        is_more = limit is not None and len(runs) == limit and next(fitting, None) is not None
    _print(runs, as_json=as_json, storage=opened)
    if is_more:
        click.echo(f"older ones: --before {visible(runs[-1][1]['run_id'])}", err=True)


def _say_nothing(_done: int, _word: str) -> None:
    """Be there at once: without a test, few files are read."""


def _test_of(selection: Selection, text: str | None, *, failed: bool) -> _Test | None:
    """Return what a run's content has to pass; None where its file need not be read for that."""
    if not (selection.since or selection.until or text or failed):
        return None

    def test(run: dict[str, Any]) -> bool:
        return (
            is_in_time(run, selection)
            and (not failed or any(map(_has_failed, run.get("decisions") or ())))
            and (not text or text.casefold() in _written(run).casefold())
        )

    return _Test(quick=_quick_test_of(text), whole=test)


def _written(run: dict[str, Any]) -> str:
    from runspan.values import dumps

    try:
        return dumps(run).decode()
    except ValueError:  # deeper than usual
        return json_text(run)


def _has_failed(decision: object) -> bool:
    outcome = decision.get("outcome") if isinstance(decision, dict) else None
    return isinstance(outcome, dict) and not outcome.get("success")


def _quick_test_of(text: str | None) -> Callable[[bytes], bool] | None:
    """Return what a run's file has to pass before it is parsed; None where its bytes tell nothing.

    Plain words stand there as they are, unless something is escaped, or folds to ASCII as the Kelvin sign does.
    """
    if not text or not text.isascii() or not text.isprintable() or _STRUCTURE.intersection(text):
        return None
    words = text.lower().encode()
    return lambda data: words in data.lower() or not data.isascii() or b"\\u" in data


@dataclass(frozen=True, slots=True, kw_only=True)
class _Test:
    """What runs have to pass whose summaries do not tell."""

    quick: Callable[[bytes], bool] | None
    whole: Callable[[dict[str, Any]], bool]


def _fitting(
    storage: FileStorage, runs: Iterator[tuple[str, str]], test: _Test | None, show: Callable[[int, str], None]
) -> Iterator[tuple[str, str]]:
    for number, (run_id, started) in enumerate(runs):
        if test is None:
            yield run_id, started
            continue
        show(number, "")
        run = read_run(storage, run_id, test.quick)
        if run is not None and test.whole(run):
            yield run_id, started


def _summaries(storage: FileStorage, runs: Iterator[tuple[str, str]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give start and summary of each run; name on stderr what cannot be read, and go on."""
    for run_id, started in runs:
        try:
            summary = storage.read_summary(run_id)
        except CorruptFileError as exc:
            click.echo(f"Warning: {visible(exc)}", err=True)
            continue
        if summary is not None:
            yield started, summary


def _print(runs: list[tuple[str, dict[str, Any]]], *, as_json: bool, storage: FileStorage) -> None:
    if as_json:
        from runspan.settings import read_settings
        from runspan.values import dumps

        url = read_settings().jaeger_url
        told = [summary | (_link(storage, summary["run_id"], url) if url else {}) for _, summary in runs]
        echo_json(dumps(told, indent=True))
    elif runs:
        from runspan.cli._render import print_runs

        print_runs(runs)
    else:
        click.echo("no runs yet" if not storage.list_all_runs() else "no such runs", err=True)


def _link(storage: FileStorage, run_id: str, jaeger_url: str) -> dict[str, str]:
    from runspan.cli._render import jaeger_link

    run = read_run(storage, run_id)
    link = jaeger_link(jaeger_url, run.get("trace_id")) if run else None
    return {"jaeger_url": link} if link else {}
