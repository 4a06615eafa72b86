"""Which stored runs a command is about: options, and the runs they select. Knows nothing of what is done with them."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from runspan.cli._complete import goals, nodes, run_ids
from runspan.cli._moment import Moment
from runspan.cli._options import find_run_id
from runspan.cli._text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from runspan.storage import FileStorage

__all__ = ["Selection", "is_in_time", "read_run", "selected_ids", "selected_runs", "selection_options"]

_F = TypeVar("_F", bound="Callable[..., Any]")

_STATUSES: Final = ("running", "completed", "failed", "stuck", "cancelled")
_ID: Final = re.compile(
    r"run_(\d{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))_((?:[01]\d|2[0-3])[0-5]\d[0-5]\d)_", re.ASCII
)
"""An id with a time in it that can be one."""

_ZONES: Final = timedelta(hours=26)
"""Ids of old runs carry local time, and nobody knows whose: from UTC+14 to UTC-12."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What the options say; what is None or empty selects everything."""

    run_ids: tuple[str, ...]
    """Ids, unique beginnings of ids, or `latest`."""
    goal: str | None
    """Runs of this goal."""
    status: str | None
    """Runs with this status."""
    node: str | None
    """Runs that decided in this node."""
    since: datetime | None
    """Runs that started then or later."""
    until: datetime | None
    """Runs that started before."""
    limit: int | None
    """At most so many, the newest by id."""

    @property
    def words(self) -> str:
        """What is selected, for a title."""
        told = [f"{name} {value}" for name in ("goal", "status", "node") if (value := getattr(self, name)) is not None]
        told += [
            f"{name} {moment:%Y-%m-%d %H:%M} UTC"
            for name, moment in (("since", self.since), ("until", self.until))
            if moment
        ]
        told += [f"the newest {self.limit:,}"] if self.limit is not None else []
        told += [f"{len(self.run_ids):,} named runs"] if self.run_ids else []
        return f"Only {', '.join(told)}" if told else ""


def selection_options(command: _F) -> _F:
    """Add `[RUN]...`, `--goal`, `--status`, `--node`, `--since`, `--until` and `--limit`."""
    options = (
        click.argument("run_ids", nargs=-1, metavar="[RUN]...", shell_complete=run_ids),
        click.option("--goal", metavar="GOAL", shell_complete=goals, help="Only runs of this goal."),
        click.option("--status", type=click.Choice(_STATUSES), help="Only runs with this status."),
        click.option("--node", metavar="NODE", shell_complete=nodes, help="Only runs that decided in this node."),
        click.option("--since", metavar="TIME", type=Moment(), help="Only runs that started then or later."),
        click.option("--until", metavar="TIME", type=Moment(), help="Only runs that started before."),
        click.option("--limit", metavar="N", type=click.IntRange(min=1), help="Only the newest N of them, by id."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def selected_ids(storage: FileStorage, selection: Selection) -> list[str]:
    """Return the ids of runs that may be selected, the newest first; what only a file tells is not looked at.

    Raises:
        RefusedError: A run named does not exist.
    """
    groups: list[Iterable[str]] = []
    if selection.run_ids:
        groups.append([find_run_id(storage, word) for word in selection.run_ids])
    for name, run_ids_of in (
        (selection.goal, storage.get_runs_by_goal),
        (selection.status, storage.get_runs_by_status),
        (selection.node, storage.get_runs_by_node),
    ):
        if name is not None:
            groups.append(run_ids_of(name))
    found: Iterable[str] = set(groups[0]).intersection(*groups[1:]) if groups else storage.list_all_runs()
    if selection.since is not None or selection.until is not None:
        since = _digits(selection.since, -_ZONES) if selection.since is not None else ""
        until = _digits(selection.until, _ZONES) if selection.until is not None else "9" * 15
        found = filter(partial(_may_be_in_time, since, until), found)
    return sorted(found, reverse=True)


def selected_runs(
    storage: FileStorage, run_ids: Iterable[str], selection: Selection, on_read: Callable[[int], None]
) -> Iterator[dict[str, Any]]:
    """Give the selected runs as plain JSON data; name on stderr what cannot be read, and go on.

    Args:
        storage: Where they are.
        run_ids: Those that may be selected.
        selection: Which are.
        on_read: Is told how many files have been read.
    """
    given = 0
    for number, run_id in enumerate(run_ids):
        if given == selection.limit:
            return
        on_read(number)
        run = read_run(storage, run_id)
        if run is not None and is_in_time(run, selection):
            given += 1
            yield run


def read_run(
    storage: FileStorage, run_id: str, may_fit: Callable[[bytes], bool] | None = None
) -> dict[str, Any] | None:
    """Return a run as plain JSON data; None, and a word on stderr, where it cannot be read.

    Args:
        storage: Where it is.
        run_id: Which.
        may_fit: Is told a file's bytes; None is returned, and nothing parsed, where it says no.
    """
    from runspan.errors import StorageError
    from runspan.values import loads

    try:
        data = storage.read_run_bytes(run_id)
        run = None if data is None or (may_fit is not None and not may_fit(data)) else loads(data)
    except (StorageError, ValueError) as exc:
        click.echo(f"Warning: {visible(run_id)} is left out: {visible(exc)}", err=True)
        return None
    if run is not None and not isinstance(run, dict):
        click.echo(f"Warning: {visible(run_id)} is left out: it is no run", err=True)
        return None
    return run


def _may_be_in_time(since: str, until: str, run_id: str) -> bool:
    """Whether an id allows that its run is in time; most files need not be read then."""
    found = _ID.match(run_id)
    return found is None or since <= found[1] + found[2] <= until


def _digits(moment: datetime, later: timedelta) -> str:
    """Return a time as ids have it, so much later."""
    with suppress(OverflowError):  # at the ends of time
        moment += later
    return re.sub(r"\D", "", moment.isoformat()[:19])


def is_in_time(run: dict[str, Any], selection: Selection) -> bool:
    """Whether a run started when the options say."""
    if selection.since is None and selection.until is None:
        return True
    from runspan.native import parse_timestamp_ns

    started_ns = parse_timestamp_ns(run.get("started_at"))
    if started_ns is None:
        return False
    started_s = started_ns / 1e9
    return (selection.since is None or started_s >= selection.since.timestamp()) and (
        selection.until is None or started_s < selection.until.timestamp()
    )
