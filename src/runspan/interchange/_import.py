"""Runs from elsewhere into a storage, with an account of what became of each. Knows neither spans nor wire."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Final

from runspan.assembly import Written, is_incomplete, write_decoded
from runspan.errors import InterchangeError, RunspanError
from runspan.interchange._files import read_spans
from runspan.interchange._gather import runs_from_spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from runspan.interchange._account import Account
    from runspan.interchange._jaeger import Jaeger
    from runspan.mapping import DecodedRun, SpanRecord
    from runspan.storage import FileStorage

__all__ = ["ImportReport", "import_runs", "runs_from_files", "runs_from_jaeger"]

_MOST_NAMED: Final = 1_000
# A run rebuilt from what strangers sent may hold anything anywhere.
_CANNOT: Final = (ArithmeticError, AttributeError, LookupError, OSError, RunspanError, TypeError, ValueError)
_LAST: Final = timedelta(hours=1)


@dataclass(slots=True, kw_only=True)
class ImportReport:
    """What became of the runs of an import."""

    new: int = 0
    """Runs that were not stored yet."""
    improved: int = 0
    """Runs that were stored incomplete, and hold more now."""
    replaced: int = 0
    """Runs that were stored whole and differed, replaced as was asked for."""
    already_there: int = 0
    """Runs that are stored as they came, or more complete than they came."""
    different: list[str] = field(default_factory=list)
    """Ids of runs that are stored whole and differ from what came; they stay. The first thousand."""
    different_count: int = 0
    """How many there are of them."""
    incomplete: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Runs that are incomplete in the storage now: id -> what is missing. The first thousand."""
    incomplete_count: int = 0
    """How many there are of them."""
    failed: dict[str, str] = field(default_factory=dict)
    """Runs that could not be written: id -> why. The first thousand."""
    failed_count: int = 0
    """How many there are of them."""

    @property
    def written(self) -> int:
        """Runs whose file was written."""
        return self.new + self.improved + self.replaced

    @property
    def is_whole(self) -> bool:
        """Whether every run that came is stored whole now."""
        return not self.incomplete_count and not self.failed_count


def import_runs(
    runs: Iterable[DecodedRun],
    storage: FileStorage,
    *,
    replace: bool = False,
    on_run: Callable[[ImportReport], None] | None = None,
) -> ImportReport:
    """Write runs to a storage.

    A run that is stored whole is never overwritten; one that is stored incomplete is, by one that holds more. Doing it
    again, or going on after an interruption, gives the same storage.

    Args:
        runs: As `runs_from_files` and its like give them.
        storage: Where to.
        replace: Replace a run that is stored whole and differs, if the one that comes is whole as well.
        on_run: Told after each run how it stands.

    Returns:
        What became of them.

    Raises:
        OSError: The storage's indexes cannot be written; a single run that cannot be is noted, and the rest goes on.
    """
    report = ImportReport()
    with storage.writing_many() as bulk:
        for decoded in runs:
            try:
                fate = write_decoded(storage, decoded, replace=replace, bulk=bulk)
            except _CANNOT as exc:
                report.failed_count += 1
                if len(report.failed) < _MOST_NAMED:
                    report.failed[decoded.run_id] = f"{type(exc).__name__}: {exc}"
            else:
                _note(report, storage, decoded, fate)
            if on_run is not None:
                on_run(report)
    return report


def _note(report: ImportReport, storage: FileStorage, decoded: DecodedRun, fate: Written) -> None:
    run_id = decoded.run_id
    if fate in {Written.NEW, Written.IMPROVED, Written.REPLACED}:
        setattr(report, fate.value, getattr(report, fate.value) + 1)
    elif fate is Written.KEPT and decoded.is_whole:
        report.different_count += 1
        if len(report.different) < _MOST_NAMED:
            report.different.append(run_id)
    else:
        report.already_there += 1
    if decoded.is_whole:
        if report.incomplete.pop(run_id, None) is not None:  # it came incomplete before, of another trace
            report.incomplete_count -= 1
    elif fate is not Written.KEPT or is_incomplete(storage, run_id):
        report.incomplete_count += run_id not in report.incomplete
        if len(report.incomplete) < _MOST_NAMED:
            report.incomplete[run_id] = decoded.missing


def runs_from_files(
    sources: Iterable[str | os.PathLike[str] | BinaryIO],
    *,
    account: Account | None = None,
    spool_folder: Path | None = None,
) -> Iterator[DecodedRun]:
    """Give the runs in files of traces; a run's spans may be spread over all of them.

    Args:
        sources: Paths, or streams of bytes; `read_spans` says what they may hold.
        account: Where what cannot be read is noted: then a file that cannot be is no reason to stop.
        spool_folder: Where spans wait that memory has no room for; the system's own place if it is not given.

    Raises:
        InterchangeError: One of them holds no traces at all, and there is no account; or there is no room on disk.
        MissingExtraError: One of them is zstd, and there is nothing to read that with.
        OSError: One of them cannot be read, and there is no account.
    """
    return runs_from_spans(_spans_of(sources, account), account=account, spool_folder=spool_folder)


def _spans_of(sources: Iterable[str | os.PathLike[str] | BinaryIO], account: Account | None) -> Iterator[SpanRecord]:
    for source in sources:
        try:
            yield from read_spans(source, account=account)
        except (InterchangeError, OSError) as exc:
            if account is None:
                raise
            name = os.fspath(source) if isinstance(source, str | os.PathLike) else getattr(source, "name", "input")
            account.unread[str(name)] = str(exc)


def runs_from_jaeger(
    jaeger: Jaeger,
    trace_ids: Iterable[str] = (),
    *,
    service: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    account: Account | None = None,
    spool_folder: Path | None = None,
) -> Iterator[DecodedRun]:
    """Give the runs in a Jaeger: those of some traces, those of a service, or both.

    Args:
        jaeger: Which one.
        trace_ids: 32 hex digits each.
        service: Its `service.name`; without one only the traces are read.
        start: Beginning of the time in which the service sent spans; the last hour if it is not given.
        end: End of that time; now if it is not given.
        account: Where a trace that is not there, and a span that cannot be read, is noted.
        spool_folder: As for `runs_from_files`.

    Raises:
        BackendError: It does not answer, or not as documented.
    """
    found: list[Iterator[SpanRecord]] = [jaeger.spans_of(trace_ids, account=account)]
    if service is not None:
        found.append(jaeger.search(service, start or datetime.now(UTC) - _LAST, end, account=account))
    return runs_from_spans(chain.from_iterable(found), account=account, spool_folder=spool_folder)
