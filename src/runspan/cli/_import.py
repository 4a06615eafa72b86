"""`runspan import`: run files from traces."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from runspan.cli._complete import files
from runspan.cli._garbage import collect_seldom
from runspan.cli._group import COULD_NOT
from runspan.cli._moment import Moment
from runspan.cli._options import echo_json, json_option, storage_option, storage_path
from runspan.cli._progress import progress
from runspan.cli._text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from runspan.interchange import Account, ImportReport
    from runspan.mapping import DecodedRun

_EPILOG: Final = "\b\nExample:\n  runspan import traces.jsonl --storage .runspan\n"

_MOST_TOLD: Final = 10


def _headers(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    pairs = [header.partition(":") for header in given]
    if any(not name or not colon for name, colon, _ in pairs):
        raise click.BadParameter("must be like 'Authorization: Bearer …'")
    return {name.strip(): value.strip() for name, _, value in pairs}


@click.command("import", epilog=_EPILOG)
@click.argument("inputs", nargs=-1, metavar="[FILE|TRACE_ID]...", shell_complete=files)
@storage_option
@json_option
@click.option("--jaeger", metavar="URL", help="Read traces of this Jaeger: the given ones, or those of a service.")
@click.option("--service", metavar="NAME", help="With --jaeger: all traces of this service.")
@click.option(
    "--since", metavar="TIME", type=Moment(), default="1h", help="With --service: from then on.  [default: 1h]"
)
@click.option("--until", metavar="TIME", type=Moment(), help="With --service: up to then.  [default: now]")
@click.option("--header", metavar="LINE", multiple=True, callback=_headers, help="With --jaeger: send this along.")
@click.option("--replace", is_flag=True, help="Replace whole run files that differ.")
@click.pass_context
def import_(
    ctx: click.Context,
    inputs: tuple[str, ...],
    storage: Path | None,
    *,
    as_json: bool,
    jaeger: str | None,
    service: str | None,
    since: datetime,
    until: datetime | None,
    header: dict[str, str],
    replace: bool,
) -> None:
    """Write run files from traces: files of a Collector, or a Jaeger.

    A FILE holds OTLP JSON lines or OTLP protobuf, compressed by gzip or zstd or not; `-` is standard input. A run's
    spans may be spread over several files: give them all at once. A TIME is like 90s, 15m, 2h, 7d or
    2026-11-23T12:00:00Z.

    A run file that is whole is never overwritten without --replace; one marked incomplete is, by a more complete one.
    Interrupted and run again, it gives the same storage.

    Exits with 1 if a run is incomplete or something was skipped, with 2 if an input could not be read.
    """
    from runspan.interchange import Account, import_runs
    from runspan.storage import FileStorage

    if not inputs and not (jaeger and service):
        raise click.UsageError("name files, or - for standard input; or --jaeger with trace ids or --service")
    collect_seldom()
    opened, account = FileStorage(storage_path(storage)), Account()
    if jaeger:
        runs, total = _from_jaeger(jaeger, header, inputs, (service, since, until), account, opened.base_path), None
    else:
        runs, total = _from_files(inputs, account, opened.base_path)
    with progress("Importing", total, is_bytes=True) as show:
        report = import_runs(runs, opened, replace=replace, on_run=lambda told: show(account.bytes_read, _so_far(told)))
    (_print_json if as_json else _print)(report, account)
    ctx.exit(_exit_code(report, account))


def _from_jaeger(
    url: str,
    headers: dict[str, str],
    trace_ids: tuple[str, ...],
    search: tuple[str | None, datetime, datetime | None],
    account: Account,
    folder: Path,
) -> Iterator[DecodedRun]:
    from runspan.interchange import Jaeger, runs_from_jaeger

    service, since, until = search
    asked = Jaeger(url, headers=headers)
    return runs_from_jaeger(
        asked, trace_ids, service=service, start=since, end=until, account=account, spool_folder=folder
    )


def _from_files(inputs: tuple[str, ...], account: Account, folder: Path) -> tuple[Iterator[DecodedRun], int | None]:
    """Return the runs, and how many bytes their files have."""
    from runspan.interchange import runs_from_files

    sources = [sys.stdin.buffer if name == "-" else Path(name) for name in inputs]
    sizes = [source.stat().st_size for source in sources if isinstance(source, Path) and source.is_file()]
    total = sum(sizes) if len(sizes) == len(sources) else None
    return runs_from_files(sources, account=account, spool_folder=folder), total


def _so_far(report: ImportReport) -> str:
    return f"{report.written} written, {report.already_there} there, {report.incomplete_count} incomplete"


def _exit_code(report: ImportReport, account: Account) -> int:
    if account.unread:
        return COULD_NOT
    return int(not report.is_whole or account.skipped_count > 0)


def _print_json(report: ImportReport, account: Account) -> None:
    from runspan.values import dumps

    told = {"written": report.written, **asdict(report), **asdict(account)}
    echo_json(dumps(told, indent=True))


def _print(report: ImportReport, account: Account) -> None:
    """Print what came of it on stdout, and on stderr what has to be looked at."""
    from runspan.cli._render import say

    for name, reason in account.unread.items():
        click.echo(f"Error: {visible(name)}: {visible(reason)}", err=True)
    incomplete = {run_id: "; ".join(missing) for run_id, missing in report.incomplete.items()}
    _warn("incomplete", incomplete, report.incomplete_count)
    _warn("not written", report.failed, report.failed_count)
    skipped = {f"{each.source}, {each.place}": each.reason for each in account.skipped}
    _warn("skipped", skipped, account.skipped_count)
    different = dict.fromkeys(report.different, "is stored whole and differs; --replace takes what came")
    _warn("kept", different, report.different_count)
    say(
        f"{report.written} written ({report.new} new, {report.improved} more complete, {report.replaced} replaced), "
        f"{report.already_there} already there, {report.different_count} different and kept, "
        f"{report.incomplete_count} incomplete, {report.failed_count} failed"
    )
    say(
        f"{account.spans:,} spans, {account.foreign_spans:,} of them foreign; {account.other_documents} documents "
        f"without traces, {account.skipped_count} parts skipped, {account.unfinished} inputs cut off at their end"
    )


def _warn(what: str, told: dict[str, str], count: int) -> None:
    for name, reason in list(told.items())[:_MOST_TOLD]:
        click.echo(f"Warning: {what}: {visible(name)}: {visible(reason)}", err=True)
    if count > min(len(told), _MOST_TOLD):
        click.echo(f"Warning: {what}: {count - min(len(told), _MOST_TOLD)} more", err=True)
