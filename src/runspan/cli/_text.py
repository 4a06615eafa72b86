"""Recorded text made fit for a terminal. Knows no layout."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from rich.text import Text

from runspan.native import parse_timestamp_ns
from runspan.values import dumps

__all__ = ["brief", "duration", "plain", "since", "when"]

# C0 and C1 controls, and the marks that turn the direction of text around: shown, never obeyed.
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_SECOND_MS: Final = 1_000


def plain(value: object, style: str = "") -> Text:
    """Return any text as it is, with controls made visible; nothing in it is markup."""
    return Text(_shown(str(value)), style=style)


def _shown(text: str) -> str:
    return _UNSEEN.sub(lambda match: " " if match[0] in "\n\t" else f"\\x{ord(match[0]):02x}", text)


def brief(value: Any, limit: int = 200) -> Text:
    """Return a JSON value on one line, cut."""
    text = value if isinstance(value, str) else dumps(value).decode()
    return plain(text if len(text) <= limit else f"{text[: limit - 1]}…")


def duration(milliseconds: object) -> str:
    """Return a duration for people."""
    number = milliseconds if isinstance(milliseconds, int | float) else 0
    return f"{number / _SECOND_MS:.1f} s" if number >= _SECOND_MS else f"{number:.0f} ms"


def when(timestamp: object) -> str:
    """Return a stored timestamp in UTC, to the second."""
    unix_ns = parse_timestamp_ns(timestamp)
    if unix_ns is None:
        return str(timestamp or "")
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=unix_ns // 1_000)
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def since(start: object, timestamp: object) -> str:
    """Return how long after the start something was."""
    started, moment = parse_timestamp_ns(start), parse_timestamp_ns(timestamp)
    return "" if started is None or moment is None else f"+{duration((moment - started) / 1e6)}"
