"""Any id as a safe file name, and back. Knows no folder.

Letters of any language, digits, `-`, `_` and inner dots stay as they are; everything else is percent-encoded, so that
no id can name a folder, a hidden file or a device. Names that would be too long end in a hash instead.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final
from urllib.parse import unquote

__all__ = ["SUFFIX", "file_name", "id_of"]

SUFFIX: Final = ".json"
"""Readers look for files with this ending; no other file of a storage has it."""

_MAX_BYTES: Final = 180
_HEAD: Final = 60
_HASH_MARK: Final = "%~"
_EMPTY: Final = "%"

# Devices on Windows, whatever follows the first dot.
_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{name}{number}" for name in ("com", "lpt") for number in range(1, 10))}
)

_SIMPLE: Final = re.compile(rf"[A-Za-z0-9_-]{{1,{_MAX_BYTES}}}")


def file_name(some_id: str) -> str:
    """Return the file name of an id, with its ending."""
    if _SIMPLE.fullmatch(some_id) and some_id.lower() not in _DEVICES:  # any id of runspan's own
        return some_id + SUFFIX
    safe = "".join(character if _is_plain(character) else _escaped(character) for character in some_id) or _EMPTY
    if safe[0] == "." or safe.partition(".")[0].lower() in _DEVICES:
        safe = _escaped(safe[0]) + safe[1:]
    if len(safe.encode("utf-8", "surrogatepass")) > _MAX_BYTES:
        digest = hashlib.sha256(some_id.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        head = safe[:_HEAD].encode()[:_MAX_BYTES].decode(errors="ignore")
        safe = head + _HASH_MARK + digest
    return safe + SUFFIX


def id_of(name: str) -> str | None:
    """Return the id of a file name; None for a hashed one, whose id stands in the file."""
    stem = name.removesuffix(SUFFIX)
    if _HASH_MARK in stem:
        return None
    return "" if stem == _EMPTY else unquote(stem, errors="surrogateescape")


def _is_plain(character: str) -> bool:
    return character.isalnum() or character in "-_."


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))
