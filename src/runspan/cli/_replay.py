"""`runspan replay`: stored runs as traces."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path  # noqa: TC003 - click's decorated functions are read at run time
from typing import TYPE_CHECKING, Final

import click

from runspan.cli._complete import run_ids
from runspan.cli._garbage import collect_seldom
from runspan.cli._options import echo_json, find_run_id, json_option, open_storage, storage_option
from runspan.cli._progress import progress
from runspan.cli._text import visible

if TYPE_CHECKING:
    from runspan.interchange import ReplayReport

_EPILOG: Final = "\b\nExample:\n  runspan replay --storage .runspan --rate 5000\n"

_MOST_TOLD: Final = 10


@click.command("replay", epilog=_EPILOG)
@click.argument("runs", nargs=-1, metavar="[RUN]...", shell_complete=run_ids)
@storage_option
@json_option
@click.option("--all", "with_traced", is_flag=True, help="Also runs whose file names a trace they are in already.")
@click.option("--endpoint", metavar="URL", help="OTLP receiver.  [default: the OTEL_EXPORTER_OTLP_* variables]")
@click.option(
    "--protocol",
    type=click.Choice(["http/protobuf", "grpc"]),
    help="How to talk to it.  [default: OTEL_EXPORTER_OTLP_PROTOCOL, else http/protobuf]",
)
@click.option("--service", metavar="NAME", help="Their service.name.  [default: OTEL_SERVICE_NAME, else runspan]")
@click.option("--rate", metavar="N", type=click.FloatRange(0, min_open=True), help="At most so many spans a second.")
@click.pass_context
def replay(
    ctx: click.Context,
    runs: tuple[str, ...],
    storage: Path | None,
    *,
    as_json: bool,
    with_traced: bool,
    endpoint: str | None,
    protocol: str | None,
    service: str | None,
    rate: float | None,
) -> None:
    """Send stored runs as traces, with their own times.

    RUN is a run's id, the unique beginning of one, or `latest`; without any, all runs are sent, except those whose file
    names a trace: they are in a tracing backend already. The ids of the spans follow from the run's id, so that a run
    that is sent again adds nothing.

    Exits with 1 if something was not taken.
    """
    from runspan.interchange import DEFAULT_SERVICE_NAME, otlp_exporter, replay_runs, stored_runs
    from runspan.settings import otel_service_name

    collect_seldom()
    opened = open_storage(storage)
    run_ids = [find_run_id(opened, word) for word in runs] or opened.list_all_runs()
    exporter = otlp_exporter(endpoint, protocol=protocol)
    with progress("Sending", len(run_ids)) as show:
        report = replay_runs(
            stored_runs(opened, run_ids),
            exporter,
            service_name=service or otel_service_name() or DEFAULT_SERVICE_NAME,
            skip_traced=not (with_traced or runs),
            max_spans_per_s=rate,
            on_run=lambda told: show(_done(told), f"{told.spans} spans"),
        )
    exporter.shutdown()
    (_print_json if as_json else _print)(report)
    ctx.exit(int(not report.is_whole))


def _done(report: ReplayReport) -> int:
    return report.sent + report.already_traced + report.refused_count + report.unreadable_count + report.not_tried


def _print_json(report: ReplayReport) -> None:
    from runspan.values import dumps

    echo_json(dumps(asdict(report), indent=True))


def _print(report: ReplayReport) -> None:
    """Print what came of it on stdout, and on stderr what has to be looked at."""
    from runspan.cli._render import say

    cut = {run_id: f"{', '.join(names)}: too large for a span, cut there" for run_id, names in report.cut.items()}
    for what, told in (("refused", report.refused), ("not sent", report.unreadable), ("cut", cut)):
        for run_id, reason in list(told.items())[:_MOST_TOLD]:
            click.echo(f"Warning: {what}: {visible(run_id)}: {visible(reason)}", err=True)
        if len(told) > _MOST_TOLD:
            click.echo(f"Warning: {what}: {len(told) - _MOST_TOLD} more; --json names them", err=True)
    if report.not_tried:
        click.echo(f"Warning: the receiver takes nothing any more; {report.not_tried} runs were not tried", err=True)
    say(
        f"{report.sent} sent ({report.spans:,} spans), {report.already_traced} in a trace already, "
        f"{report.refused_count} refused, {report.unreadable_count} unreadable, {report.not_tried} not tried"
    )
