"""How much of one recorded value is kept. Knows no value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["DEFAULT_BOUNDS", "NO_BOUNDS", "Bounds"]

_ENDLESS: Final = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Bounds of one value; what exceeds them is cut, visibly, in place."""

    max_string: int = 65_536
    """Characters of one string."""
    max_items: int = 1_000
    """Items of one collection."""
    max_depth: int = 32
    """Collections inside each other."""
    max_nodes: int = 20_000
    """Values in all, collections included."""


DEFAULT_BOUNDS: Final = Bounds()
"""The bounds of every recorded value."""

NO_BOUNDS: Final = Bounds(max_string=_ENDLESS, max_items=_ENDLESS, max_depth=_ENDLESS, max_nodes=_ENDLESS)
"""For values that are taken over as they are: stored runs."""
