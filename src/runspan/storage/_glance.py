"""What the names in a storage's folders tell: ids of runs, goals, nodes. Reads no file, makes and mends nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, Literal

from runspan.storage._names import SUFFIX, id_of

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Kind", "ids_at_a_glance"]

Kind = Literal["run", "goal", "node"]
"""Whose ids are asked for."""

_FOLDERS: Final[dict[Kind, tuple[str, ...]]] = {
    "run": ("runs",),
    "goal": ("indexes", "by_goal"),
    "node": ("indexes", "by_node"),
}


def ids_at_a_glance(base_path: Path, kind: Kind) -> list[str]:
    """Return the ids that file names tell, in no order: neither hashed ones nor those of changes still pending.

    Raises:
        OSError: There is no such storage, or it may not be read.
    """
    with os.scandir(base_path.joinpath(*_FOLDERS[kind])) as entries:
        names = [entry.name for entry in entries if entry.name.endswith(SUFFIX)]
    return [some_id for name in names if (some_id := id_of(name)) is not None]
