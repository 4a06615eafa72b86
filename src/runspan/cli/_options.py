"""Options that several commands have, and the run that somebody means. Knows no output."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from runspan.errors import ConfigError, RunNotFoundError
from runspan.settings import DEFAULT_STORAGE, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from runspan.storage import FileStorage

__all__ = ["find_run", "json_option", "newest_first", "open_storage", "storage_option"]

_SECOND_IN_ID: Final = len("run_YYYYMMDD_HHMMSS")

_Command = TypeVar("_Command", bound="Callable[..., Any]")


def storage_option(command: _Command) -> _Command:
    """Add `--storage`."""
    option = click.option(
        "-s",
        "--storage",
        metavar="DIR",
        help=f"Folder of the run files; else RUNSPAN_STORAGE, else {DEFAULT_STORAGE}.",
    )
    return option(command)


def json_option(command: _Command) -> _Command:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs, in the native format.")(
        command
    )


def open_storage(given: str | None) -> FileStorage:
    """Open the storage that is meant; it must be there.

    Raises:
        ConfigError: There is no such folder.
    """
    from pathlib import Path

    from runspan.storage import FileStorage

    path = Path(given or read_settings().storage or DEFAULT_STORAGE)
    if not path.is_dir():
        raise ConfigError(
            f"there is no storage in {path}. Give its folder with --storage, or make one with: runspan demo"
        )
    return FileStorage(path)


def find_run(storage: FileStorage, meant: str) -> str:
    """Return the id of the run that is meant: a whole id, a unique beginning of one, or `latest`.

    Raises:
        RunNotFoundError: There is none, or more than one.
    """
    run_ids = newest_first(storage)
    if meant in run_ids:
        return meant
    if meant == "latest" and run_ids:
        return run_ids[0]
    found = [run_id for run_id in run_ids if run_id.startswith(meant)] if meant else []
    if len(found) == 1:
        return found[0]
    raise _not_found(storage, meant, found or difflib.get_close_matches(meant, run_ids, n=3), is_unclear=bool(found))


def newest_first(storage: FileStorage) -> list[str]:
    """Return the ids of all runs, newest first; those begun in the same second by the time they were saved."""

    def age_of(run_id: str) -> tuple[str, int]:
        """Return what grows with a run's time."""
        return run_id[:_SECOND_IN_ID], storage.run_path(run_id).stat().st_mtime_ns

    return sorted(storage.list_all_runs(), key=age_of, reverse=True)


def _not_found(storage: FileStorage, meant: str, close: list[str], *, is_unclear: bool) -> RunNotFoundError:
    error = RunNotFoundError(meant, storage.base_path)
    if close:
        what = "several runs begin with" if is_unclear else "did you mean, for"
        error.args = (f"{what} {meant}: {', '.join(close[:3])}{' …' if len(close) > 3 else ''}",)  # noqa: PLR2004
    return error
