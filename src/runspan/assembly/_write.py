"""Decoded runs to a storage, without harm to what is there. Knows no spans."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

from runspan.values import loads

if TYPE_CHECKING:
    from runspan.mapping import DecodedRun
    from runspan.storage import FileStorage

__all__ = ["Written", "write_decoded"]


class Written(StrEnum):
    """What became of a decoded run."""

    NEW = "new"
    """There was no file; now there is."""
    IMPROVED = "improved"
    """The file there was incomplete; this run is more complete."""
    SAME = "same"
    """The file there has the same bytes."""
    KEPT = "kept"
    """The file there is whole and differs, or is incomplete and holds no less; it stays."""


def write_decoded(storage: FileStorage, decoded: DecodedRun) -> Written:
    """Write a run where there is no file, or an incomplete one that holds less.

    A whole file that differs stays: somebody may have added an evaluation since.

    Args:
        storage: Where to.
        decoded: The run.

    Raises:
        StorageError: The file cannot be written.
        OSError: The same, from the system.
    """
    there = storage.read_run_bytes(decoded.run_id)
    if there == decoded.data:
        return Written.SAME
    if there is not None and not _is_better(decoded, there):
        return Written.KEPT
    storage.write_run(decoded.data, decoded.native)
    return Written.NEW if there is None else Written.IMPROVED


def _is_better(decoded: DecodedRun, there: bytes) -> bool:
    try:
        stored = loads(there)
    except ValueError:
        return False
    if not isinstance(stored, dict) or not stored.get("incomplete"):
        return False
    return decoded.is_whole or _parts(decoded.native) > _parts(cast("dict[str, Any]", stored))


def _parts(run: dict[str, Any]) -> tuple[int, int]:
    """Count what a Run holds; of two with the same parts the one that lacks less holds more."""
    decisions = run.get("decisions") or []
    outcomes = sum(1 for decision in decisions if isinstance(decision, dict) and decision.get("outcome"))
    own_span = int(run.get("completed_at") is not None)
    return own_span + len(decisions) + outcomes + len(run.get("problems") or []), -len(run.get("incomplete") or [])
