"""Decoded runs to a storage, without harm to what is there. Knows no spans."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

from runspan.values import loads

if TYPE_CHECKING:
    from runspan.mapping import DecodedRun
    from runspan.storage import Bulk, FileStorage

__all__ = ["Written", "is_incomplete", "write_decoded"]


class Written(StrEnum):
    """What became of a decoded run."""

    NEW = "new"
    """There was no file; now there is."""
    IMPROVED = "improved"
    """The file there was incomplete; this run is more complete."""
    REPLACED = "replaced"
    """The file there differed and was whole; that it be replaced was asked for."""
    SAME = "same"
    """The file there has the same bytes."""
    KEPT = "kept"
    """The file there is whole and differs, or is incomplete and holds no less; it stays."""


def write_decoded(
    storage: FileStorage,
    decoded: DecodedRun,
    *,
    replace: bool = False,
    bulk: Bulk | None = None,
) -> Written:
    """Write a run where there is no file, or an incomplete or unreadable one that holds less.

    A whole file that differs stays: somebody may have added an evaluation since.

    Args:
        storage: Where to.
        decoded: The run.
        replace: Replace a whole file that differs, if the run is whole as well.
        bulk: What the storage's `writing_many` gave, where many are written.

    Raises:
        StorageError: The file cannot be written.
        OSError: The same, from the system.
    """
    there = storage.read_run_bytes(decoded.run_id)
    if there == decoded.data:
        return Written.SAME
    fate = Written.NEW if there is None else _fate(decoded, there, replace=replace)
    if fate is Written.KEPT:
        return fate
    if bulk is None:
        storage.write_run(decoded.data, decoded.native)
    else:
        bulk.write(decoded.data, decoded.native, is_new=fate is Written.NEW)
    return fate


def is_incomplete(storage: FileStorage, run_id: str) -> bool:
    """Whether a run is stored, and as one that something is missing of."""
    there = storage.read_run_bytes(run_id)
    stored = _parsed(there) if there is not None else None
    return stored is not None and bool(stored.get("incomplete"))


def _fate(decoded: DecodedRun, there: bytes, *, replace: bool) -> Written:
    stored = _parsed(there)
    if stored is None:  # cut short or no JSON: nothing is lost with it
        return Written.IMPROVED if decoded.is_whole else Written.KEPT
    if stored.get("incomplete"):
        is_better = decoded.is_whole or _parts(decoded.native) > _parts(stored)
        return Written.IMPROVED if is_better else Written.KEPT
    return Written.REPLACED if replace and decoded.is_whole else Written.KEPT


def _parsed(data: bytes) -> dict[str, Any] | None:
    try:
        stored = loads(data)
    except ValueError:
        return None
    return cast("dict[str, Any]", stored) if isinstance(stored, dict) else None


def _parts(run: dict[str, Any]) -> tuple[int, int]:
    """Count what a Run holds; of two with the same parts the one that lacks less holds more."""
    decisions = _list(run.get("decisions"))
    outcomes = sum(1 for decision in decisions if isinstance(decision, dict) and decision.get("outcome"))
    own_span = int(run.get("completed_at") is not None)
    return own_span + len(decisions) + outcomes + len(_list(run.get("problems"))), -len(_list(run.get("incomplete")))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
