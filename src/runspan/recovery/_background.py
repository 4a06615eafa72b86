"""Recovery when a Runtime starts: on a thread of its own, bounded, and never the agent's problem."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from runspan.health import contained
from runspan.journal import StoredJournals
from runspan.recovery._rebuild import Fate, rebuild

if TYPE_CHECKING:
    from runspan.health import Health
    from runspan.storage import FileStorage

__all__ = ["rebuild_soon"]

_logger = logging.getLogger("runspan.recovery")

_DEADLINE_S: Final = 10.0


def rebuild_soon(storage: FileStorage, health: Health) -> None:
    """Write the run files of dead processes in the background, if there are journals at all.

    Args:
        storage: Where to look and to write.
        health: Where a fault of ours is counted.
    """
    with contained("recovery", health):
        if StoredJournals(storage.base_path).open():
            threading.Thread(target=_rebuild, args=(storage, health), name="runspan-recover", daemon=True).start()


def _rebuild(storage: FileStorage, health: Health) -> None:
    with contained("recovery", health):
        found = rebuild(storage, deadline_s=_DEADLINE_S)
        rebuilt = [each.run_id for each in found if each.fate is Fate.REBUILT]
        if rebuilt:
            message = "%d run(s) of a dead process were recovered into %s: %s. `runspan recover` sends their spans."
            _logger.warning(message, len(rebuilt), storage.base_path, ", ".join(rebuilt[:5]))
