"""Spans that memory has no room for, on disk until the end. Knows no run: a span has a key, and that is all.

A temporary SQLite file: nobody can open it, and nothing of it is left when the process dies.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from runspan.errors import InterchangeError
from runspan.mapping import EventRecord, LinkRecord, SpanRecord
from runspan.values import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Spool"]

_CACHE_KIB: Final = 8_192
_ROW_BYTES: Final = 1024 * 1024
"""Memory that the spans of one row take, about: together they cost less, and all of a row is in memory at once."""


class Spool:
    """A file of spans by key, made when the first one comes."""

    def __init__(self, folder: Path | None = None) -> None:
        """Name the folder; None for the system's own for temporary files."""
        self._folder = folder
        self._database: sqlite3.Connection | None = None

    def put(self, key: bytes, spans: Sequence[SpanRecord], size: int) -> None:
        """Keep spans under a key.

        Args:
            key: Which run's.
            spans: Them.
            size: The memory they take, in bytes.

        Raises:
            InterchangeError: The disk is full, or the folder cannot be written to.
        """
        step = max(1, len(spans) * _ROW_BYTES // max(size, 1))
        rows = ((key, _packed(spans[place : place + step])) for place in range(0, len(spans), step))
        with _told("keep spans on disk", self._folder):
            if self._database is None:
                self._database = self._opened()
            self._database.executemany("INSERT INTO spans VALUES (?, ?)", rows)

    def _opened(self) -> sqlite3.Connection:
        descriptor, path = tempfile.mkstemp(prefix=".spans-", suffix=".tmp", dir=self._folder)
        os.close(descriptor)
        database = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE", f"cache_size=-{_CACHE_KIB}"):
            database.execute(f"PRAGMA {pragma}")
        database.execute("CREATE TABLE spans (key BLOB, some BLOB)")
        with suppress(OSError):  # where an open file cannot be removed, `close` does it
            Path(path).unlink()
        self._path = path
        return database

    def runs(self) -> Iterator[tuple[bytes, Iterator[SpanRecord]]]:
        """Give each key with its spans, in the order in which they came.

        Raises:
            InterchangeError: The disk is full.
        """
        if self._database is None:
            return
        with _told("sort spans on disk", self._folder):
            self._database.execute("CREATE INDEX by_key ON spans (key)")
            # In the order in which the runs were first seen.
            keys = self._database.execute("SELECT key FROM spans GROUP BY key ORDER BY min(rowid)")
            for (key,) in keys:
                yield key, self._spans(key)

    def _spans(self, key: bytes) -> Iterator[SpanRecord]:
        if self._database is not None:
            for (data,) in self._database.execute("SELECT some FROM spans WHERE key = ? ORDER BY rowid", (key,)):
                yield from _unpacked(data)

    def close(self) -> None:
        """Forget all of it."""
        if self._database is not None:
            self._database.close()
            self._database = None
            Path(self._path).unlink(missing_ok=True)


@contextmanager
def _told(what: str, folder: Path | None) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as exc:
        where = folder or tempfile.gettempdir()
        raise InterchangeError(f"cannot {what}, in {where}: {exc}. Is there room?") from exc


def _packed(spans: Sequence[SpanRecord]) -> bytes:
    """Return spans as JSON; a resource that they share is in it once."""
    resources = {id(span.resource): span.resource for span in spans}
    numbers = {resource_id: number for number, resource_id in enumerate(resources)}
    rows = [_row(span, numbers[id(span.resource)]) for span in spans]
    return dumps([list(map(dict, resources.values())), rows])


def _row(span: SpanRecord, resource: int) -> list[Any]:
    return [
        f"{span.trace_id:x}",
        f"{span.span_id:x}",
        f"{span.parent_span_id:x}" if span.parent_span_id is not None else None,
        [span.name, span.kind, span.start_unix_nano, span.end_unix_nano],
        dict(span.attributes),
        [[event.name, event.time_unix_nano, dict(event.attributes)] for event in span.events],
        [[f"{link.trace_id:x}", f"{link.span_id:x}", dict(link.attributes)] for link in span.links],
        [span.status_code, span.status_message, resource, span.scope_name],
    ]


def _unpacked(data: bytes) -> list[SpanRecord]:
    resources, rows = _parsed(data)
    return [_span(row, resources) for row in rows]


def _span(row: list[Any], resources: list[dict[str, Any]]) -> SpanRecord:
    trace_id, span_id, parent, times, attributes, events, links, rest = row
    return SpanRecord(
        trace_id=int(trace_id, 16),
        span_id=int(span_id, 16),
        parent_span_id=int(parent, 16) if parent is not None else None,
        name=times[0],
        kind=times[1],
        start_unix_nano=times[2],
        end_unix_nano=times[3],
        attributes=attributes,
        events=tuple([EventRecord(name=event[0], time_unix_nano=event[1], attributes=event[2]) for event in events]),
        links=tuple([LinkRecord(trace_id=int(at, 16), span_id=int(of, 16), attributes=more) for at, of, more in links]),
        status_code=rest[0],
        status_message=rest[1],
        resource=resources[rest[2]],
        scope_name=rest[3],
    )


def _parsed(data: bytes) -> Any:
    try:
        return orjson.loads(data)  # `loads` looks for integers beyond 64 bits, which times are mistaken for
    except orjson.JSONDecodeError:
        return loads(data)
