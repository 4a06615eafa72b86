"""What two texts have in common when ids, numbers and times are left out. Knows no run."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

__all__ = ["error_key", "key", "pattern"]

_LONGEST: Final = 200
_LOOKED_AT: Final = 1_000

_UNIQUE: Final = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?)"
    r"|(?P<id>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|\b(?:0x)?(?=[a-fA-F]*\d)(?=\d*[a-fA-F])[0-9a-fA-F]{8,}\b)"
    # Of these the number tells the kind.
    r"|(?P<code>\b(?:[Hh][Tt][Tt][Pp](?:/[\d.]+)?|[Ss]tatus(?: code)?|[Cc]ode|[Ee]rror|[Ee]rrno)[\s:=]{0,3}\d{1,3}\b)"
    r"|\d+(?:[.,]\d+)*"
)
_INSTEAD: Final = {"time": "<time>", "id": "<id>"}
_NO_TEXT: Final = "(no error text)"


def key(value: object) -> str:
    """Return an id as a key of bounded length."""
    if type(value) is str and len(value) <= _LONGEST:
        return value
    text = "" if value is None else str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def pattern(value: object) -> str:
    """Return a text without what makes it unique: `order 8812 at 12:03` is `order # at #:#`."""
    return _pattern(str(value)[:_LOOKED_AT]) if value else ""


def error_key(error: object, summary: object) -> str:
    """Return what an error has in common with others of its kind; of a Python traceback that is the last line."""
    text = str(error or summary or "").strip()
    if not text:
        return _NO_TEXT
    lines = (text if text.startswith("Traceback") else text[:_LOOKED_AT]).splitlines()
    line = lines[-1] if text.startswith("Traceback") else next(line for line in lines if line.strip())
    return pattern(line) or _NO_TEXT


@lru_cache(maxsize=8_192)  # agents say the same again and again
def _pattern(text: str) -> str:
    return key(_UNIQUE.sub(_instead, " ".join(text.split())))


def _instead(found: re.Match[str]) -> str:
    kind = found.lastgroup
    return found[0] if kind == "code" else _INSTEAD.get(kind or "", "#")
