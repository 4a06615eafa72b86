"""How often a command looks for garbage. For the process of a command only: an application has rules of its own."""

from __future__ import annotations

import gc
from typing import Final

__all__ = ["collect_seldom"]

_YOUNG: Final = 20_000
"""New lists, dicts and objects after which the youngest are looked at; by Python's own measure after 700."""


def collect_seldom() -> None:
    """Look for garbage less often: spans are many small objects without cycles, which go when nobody needs them."""
    gc.set_threshold(_YOUNG)
