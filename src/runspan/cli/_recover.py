"""`runspan recover`: finish what dead processes left."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - click's decorated functions are read at run time
from typing import TYPE_CHECKING, Any, Final

import click

from runspan.cli._options import echo_json, json_option, open_storage, storage_option

if TYPE_CHECKING:
    from runspan.interchange import Recovered

_EPILOG: Final = "\b\nExample:\n  runspan recover --storage .runspan --no-send\n"

_NOT_DONE: Final = ("unreadable", "failed", "elsewhere")


@click.command("recover", epilog=_EPILOG)
@storage_option
@json_option
@click.option("--endpoint", metavar="URL", help="OTLP/HTTP receiver.  [default: the OTEL_EXPORTER_OTLP_* variables]")
@click.option("--no-send", is_flag=True, help="Write run files only; keep the journals for the spans.")
@click.option("--force", is_flag=True, help="Also journals of other hosts, and on shared file systems.")
@click.pass_context
def recover(
    ctx: click.Context, storage: Path | None, *, as_json: bool, endpoint: str | None, no_send: bool, force: bool
) -> None:
    """Write the run files of processes that died, and send the spans that may not have left them.

    Processes that live are left alone, and a run file that is there is never rewritten. Spans are sent with the ids
    they had: a tracing backend that has some of them already shows one finished trace.

    Exits with 1 if something has to be tried again.
    """
    from runspan.config import recover as recover_storage

    folder = open_storage(storage).base_path
    done = recover_storage(folder, endpoint=endpoint, send=not no_send, force=force)
    told = _told(done)
    if as_json:
        from runspan.values import dumps

        echo_json(dumps(told, indent=True))
    else:
        _print(told)
    if done.unsent or any(told[fate] for fate in _NOT_DONE):
        ctx.exit(1)


def _told(done: Recovered) -> dict[str, Any]:
    from runspan.recovery import Fate

    told: dict[str, Any] = {
        fate.value: [
            {"run_id": each.run_id, "journal": str(each.path), "detail": each.detail}
            for each in done.found
            if each.fate is fate
        ]
        for fate in Fate
    }
    return told | {"sent": list(done.sent), "unsent": list(done.unsent)}


def _print(told: dict[str, Any]) -> None:
    """Print a line for each run on stdout, and on stderr what has to be looked at."""
    from runspan.cli._text import visible

    for each in told["rebuilt"]:
        click.echo(f"rebuilt {visible(each['run_id'])}" + (f": {visible(each['detail'])}" if each["detail"] else ""))
    for run_id in told["sent"]:
        click.echo(f"sent    {visible(run_id)}")
    for fate in _NOT_DONE:
        for each in told[fate]:
            click.echo(f"Warning: {fate}: {visible(each['journal'])}: {visible(each['detail'])}", err=True)
    if told["unsent"]:
        click.echo(f"Warning: spans of {len(told['unsent'])} run(s) were not taken; their journals stay", err=True)
    click.echo(f"{len(told['rebuilt'])} rebuilt, {len(told['sent'])} sent, {len(told['alive'])} still running")
