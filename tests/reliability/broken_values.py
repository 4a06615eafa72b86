"""How values would be encoded without bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runspan.values import Bounds, encode

if TYPE_CHECKING:
    import pytest

__all__ = ["break_values"]

_ENDLESS: Final = Bounds(max_string=2**31, max_items=2**31, max_depth=250, max_nodes=2**31)


def break_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Encode like that for the rest of the test."""
    for module in ("_coerce", "_encode", "_options"):
        monkeypatch.setattr(f"runspan.record.{module}.encode", lambda value: encode(value, _ENDLESS))
