"""Options and lookups that several commands share. Knows nothing of rendering."""

from __future__ import annotations

import re
import sys
from heapq import merge
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from runspan.cli._complete import folders
from runspan.cli._group import RefusedError, did_you_mean
from runspan.settings import DEFAULT_STORAGE, read_settings
from runspan.texts import visible_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from runspan.storage import FileStorage

__all__ = [
    "echo_json",
    "find_run_id",
    "html_option",
    "json_option",
    "newest_first",
    "open_storage",
    "started_at",
    "storage_option",
    "storage_path",
    "write_page",
]

_F = TypeVar("_F", bound="Callable[..., Any]")

_LATEST: Final = "latest"
_MOST_NAMED: Final = 5

_TIMED_ID: Final = re.compile(r"run_\d{8}_\d{6}_", re.ASCII)
# Newlines in a JSON text are escaped, so this can only be the field of the run itself.
_STARTED_AT: Final = re.compile(rb'^  "started_at": "([^"\\]+)"', re.MULTILINE)


def storage_option(command: _F) -> _F:
    """Add `--storage`."""
    text = f"Folder of the run files.  [default: RUNSPAN_STORAGE, else {DEFAULT_STORAGE}]"
    return click.option(
        "--storage", "-s", metavar="DIR", type=click.Path(path_type=Path), shell_complete=folders, help=text
    )(command)


def json_option(command: _F) -> _F:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, with the native format's names.")(command)


def html_option(command: _F) -> _F:
    """Add `--html`."""
    text = "Write a page to FILE instead, which needs no other file; - is standard output."
    kind = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
    return click.option("--html", metavar="FILE", type=kind, help=text)(command)


def echo_json(data: bytes, *, nl: bool = True) -> None:
    """Print JSON: as it is, but where a terminal would obey what it says, escaped."""
    if sys.stdout.isatty():
        data = visible_json(data.decode(errors="replace")).encode(errors="backslashreplace")
    click.echo(data, nl=nl)


def write_page(path: Path, page: str) -> None:
    """Write a page; `-` is standard output.

    Raises:
        OSError: It cannot be written.
    """
    data = page.encode(errors="backslashreplace")
    if str(path) == "-":
        click.echo(data, nl=False)
    else:
        path.write_bytes(data)


def storage_path(given: Path | None) -> Path:
    """Return the storage's folder: as given, else of the environment, else the default."""
    return Path(read_settings(storage=given).storage or DEFAULT_STORAGE)


def open_storage(given: Path | None) -> FileStorage:
    """Open a storage to read it; a mistyped name must not make a folder.

    Raises:
        RefusedError: There is none.
    """
    from runspan.storage import FileStorage

    path = storage_path(given)
    if path.is_dir() and not (path / "runs").is_dir():
        raise RefusedError(f"{path} is no storage: it has no folder runs. Name one with --storage.")
    if not path.exists():
        raise RefusedError(f"there is no storage {path}. Name one with --storage, or make one with: runspan demo")
    return FileStorage(path)


def started_at(storage: FileStorage, run_id: str) -> str:
    """Return the text of a run's start, empty where its file does not say.

    Summaries do not tell it, and of a file that may be large only the beginning is read.
    """
    try:
        with storage.run_path(run_id).open("rb") as file:
            found = _STARTED_AT.search(file.read(65_536))
    except OSError:
        return ""
    return found[1].decode(errors="replace") if found else ""


def newest_first(
    storage: FileStorage, run_ids: Iterable[str] | None = None, *, before: str | None = None
) -> Iterator[tuple[str, str]]:
    """Give id and start of runs, the newest first; those whose start is unknown come last.

    Ids tell the second, and only files of runs that are asked for are read: the first page of very many is there at
    once, and so is any other.

    Args:
        storage: Where they are.
        run_ids: Which; all if it is not given.
        before: Only those that come after this run.
    """
    ids = storage.list_all_runs() if run_ids is None else run_ids
    limit = None if before is None else _second_of(storage, before)
    for second, group in groupby(_by_second(storage, ids), key=lambda pair: pair[0]):
        if limit is not None and second > limit:
            continue
        runs = sorted((_started(storage, run_id) for _, run_id in group), reverse=True)
        if before is not None and second == limit:
            last = _started(storage, before)
            runs = [run for run in runs if run < last]
        yield from ((run_id, started) for _, run_id, started in runs)


def _started(storage: FileStorage, run_id: str) -> tuple[int, str, str]:
    """Return when a run started, its id, and the text of its start."""
    from runspan.native import parse_timestamp_ns

    started = started_at(storage, run_id)
    return parse_timestamp_ns(started) or 0, run_id, started


def _by_second(storage: FileStorage, run_ids: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Give the second in which a run started, as digits that sort like it, and its id; the latest first."""
    ordered = sorted(run_ids, reverse=True)
    timed = list(filter(_TIMED_ID.match, ordered))  # these sort by their ids alone
    others = [] if len(timed) == len(ordered) else set(ordered).difference(timed)
    read = sorted(((_second_of(storage, run_id), run_id) for run_id in others), reverse=True)
    return merge(((_digits_of(run_id), run_id) for run_id in timed), read, reverse=True)


def _second_of(storage: FileStorage, run_id: str) -> str:
    if _TIMED_ID.match(run_id):
        return _digits_of(run_id)
    return re.sub(r"\D", "", started_at(storage, run_id)[:19])


def _digits_of(run_id: str) -> str:
    return run_id[4:12] + run_id[13:19]


def find_run_id(storage: FileStorage, word: str) -> str:
    """Return the id that a word on the command line means: an id, the unique beginning of one, or `latest`.

    Raises:
        RefusedError: There is no such run, or more than one.
    """
    if storage.run_path(word).exists():
        return word
    if word == _LATEST:
        return _latest(storage)
    run_ids = storage.list_all_runs()
    found = [run_id for run_id in run_ids if word and run_id.startswith(word)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise RefusedError(
            f"no run {word!r} in {storage.base_path}.{did_you_mean(word, run_ids)}"
            f" See what is there with: runspan list --storage {storage.base_path}"
        )
    named = ", ".join(found[:_MOST_NAMED]) + (", …" if len(found) > _MOST_NAMED else "")
    raise RefusedError(f"{word!r} is the beginning of {len(found)} run ids: {named}")


def _latest(storage: FileStorage) -> str:
    for run_id, _ in newest_first(storage):
        return run_id
    raise RefusedError(f"there is no run in {storage.base_path} yet")
