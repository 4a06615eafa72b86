"""`runspan watch`: the runs in progress of every process on a storage, as they go on."""

from __future__ import annotations

import sys
import threading
from dataclasses import asdict
from pathlib import Path  # noqa: TC003 - click's decorated functions are read at run time
from typing import TYPE_CHECKING, Final

import click

from runspan.cli._options import echo_json, json_option, open_storage, storage_option
from runspan.texts import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from runspan.recovery import LiveRun, LiveRuns
    from runspan.storage import FileStorage

_EPILOG: Final = "\b\nExample:\n  runspan watch --once --json --storage .runspan\n"


@click.command(epilog=_EPILOG)
@click.option("--once", is_flag=True, help="Show what is in progress now, and end.")
@click.option(
    "--every", metavar="SECONDS", type=click.FloatRange(min=0.05), default=1.0, help="How often to look.  [default: 1]"
)
@storage_option
@json_option
def watch(storage: Path | None, *, once: bool, every: float, as_json: bool) -> None:
    """Watch the runs in progress, of every process that records here; Ctrl-C ends it.

    On a screen it is a table; in a pipe, and with --json, a line for each change: a run began, decided, ended. A run
    whose process is dead stays until somebody recovers it: runspan recover.
    """
    from runspan.recovery import LiveRuns

    opened = open_storage(storage)
    live = LiveRuns(opened)
    try:
        if once:
            _show_once(live.look(), as_json=as_json)
        elif sys.stdout.isatty() and not as_json:
            _show_table(live, every)
        else:
            for run, how in _changes(opened, live, every):
                _say(run, how, as_json=as_json)
    except KeyboardInterrupt:
        return


def _show_once(runs: list[LiveRun], *, as_json: bool) -> None:
    if as_json:
        from runspan.values import dumps

        echo_json(dumps([asdict(run) for run in runs], indent=True))
    elif runs:
        from runspan.cli._render import print_all

        print_all(_table(runs))
    else:
        click.echo("no run is in progress", err=True)


def _show_table(live: LiveRuns, every: float) -> None:
    from rich.console import Console
    from rich.live import Live

    wait = threading.Event()
    with Live(console=Console(highlight=False, markup=False, emoji=False), auto_refresh=False) as screen:
        while True:
            screen.update(_table(live.look()), refresh=True)
            wait.wait(every)


def _table(runs: list[LiveRun]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Run", "Goal", "Process", "Decisions", "Failed", "Problems", "Doing"):
        table.add_column(
            name, overflow="fold", justify="right" if name in {"Decisions", "Failed", "Problems"} else "left"
        )
    for run in runs:
        table.add_row(
            Text(visible(run.run_id)),
            Text(visible(run.goal_id, 60)),
            Text(*_process(run)),
            Text(str(run.decisions)),
            Text(str(run.failed), "red" if run.failed else ""),
            Text(str(run.problems), "yellow" if run.problems else ""),
            Text(visible(run.doing, 80), "" if run.is_waiting else "dim"),
        )
    return table


def _process(run: LiveRun) -> tuple[str, str]:
    if run.is_alive is None:
        return f"{run.pid} on {visible(run.host, 40)}", "dim"
    return (str(run.pid), "") if run.is_alive else (f"{run.pid} is dead", "red")


def _changes(storage: FileStorage, live: LiveRuns, every: float) -> Iterator[tuple[LiveRun, str]]:
    """Give each run that has changed, and how: `runs`, `dead`, or the status with which it has ended."""
    wait = threading.Event()
    known: dict[str, LiveRun] = {}
    while True:
        runs = {run.run_id: run for run in live.look()}
        for run_id, run in runs.items():
            if known.get(run_id) != run:
                yield run, "dead" if run.is_alive is False else "runs"
        for run_id in known.keys() - runs.keys():
            yield known[run_id], _status_of(storage, run_id)
        known = runs
        wait.wait(every)


def _status_of(storage: FileStorage, run_id: str) -> str:
    from runspan.cli._selection import read_run

    run = read_run(storage, run_id)
    return str(run.get("status")) if run is not None else "gone"


def _say(run: LiveRun, how: str, *, as_json: bool) -> None:
    if as_json:
        from runspan.values import dumps

        echo_json(dumps({"status": how, **asdict(run)}))
        return
    doing = f", {visible(run.doing, 80)}" if run.doing else ""
    counts = f"{run.decisions} decisions, {run.failed} failed, {run.problems} problems"
    click.echo(f"{visible(run.run_id)} {visible(how)}: {visible(run.goal_id, 60)}, {counts}{doing}")
