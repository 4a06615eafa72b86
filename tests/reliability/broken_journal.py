"""A journal that looks right and is not: lines wait in a buffer of the process, as a file object's do."""

from __future__ import annotations

from runspan.journal import Journal

__all__ = ["break_journals"]

_BUFFER = 8_192


def break_journals() -> None:
    """Make every journal of this process keep lines back until there are 8 KiB of them."""
    write = Journal._write  # noqa: SLF001 - it is what we break

    def write_later(self: Journal, data: bytes) -> None:
        kept = _KEPT.pop(self.name, b"") + data
        if len(kept) < _BUFFER:
            _KEPT[self.name] = kept
        else:
            write(self, kept)

    Journal._write = write_later  # type: ignore[method-assign]  # noqa: SLF001


_KEPT: dict[str, bytes] = {}
