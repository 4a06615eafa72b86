"""How much of one recorded value is kept. Knows no value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runspan.settings import read_bound

__all__ = ["DEEPEST", "DEFAULT_BOUNDS", "ENDLESS", "NO_BOUNDS", "Bounds"]

ENDLESS: Final = 2**62
"""A bound that nothing reaches."""

DEEPEST: Final = 254
"""Collections inside each other that orjson writes; pydantic writes as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Bounds of one value; what exceeds them is cut, visibly, in place. The marks themselves do not count.

    The defaults are the process's: `RUNSPAN_MAX_STRING`, `RUNSPAN_MAX_ITEMS`, `RUNSPAN_MAX_DEPTH`, `RUNSPAN_MAX_NODES`.
    """

    max_string: int = read_bound("string", 65_536)
    """Characters of one string or key."""
    max_items: int = read_bound("items", 1_000)
    """Items of one collection."""
    max_depth: int = read_bound("depth", 32)
    """Collections inside each other; never more than the 254 that can be written."""
    max_nodes: int = read_bound("nodes", 20_000)
    """Values in all, collections included, keys not. What is shared counts wherever it appears."""


DEFAULT_BOUNDS: Final = Bounds()
"""The bounds of every recorded value."""

NO_BOUNDS: Final = Bounds(max_string=ENDLESS, max_items=ENDLESS, max_depth=ENDLESS, max_nodes=ENDLESS)
"""For values that are taken over as they are: stored runs."""
