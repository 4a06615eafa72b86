"""Points in time on the command line. Knows no command."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

__all__ = ["Moment"]

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Moment(click.ParamType[datetime]):
    """A point in time, or a time from now back."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read `2h`, `7d`, `2026-11-23` or `2026-11-23T12:00:00Z`."""
        if isinstance(value, datetime):
            return value
        found = re.fullmatch(r"(\d{1,9})([smhdw])", value)
        try:
            if found:
                return datetime.now(UTC) - timedelta(**{_UNITS[found[2]]: int(found[1])})
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError, OSError):
            self.fail(f"{value!r} is no time: give 90s, 15m, 2h, 7d, or 2026-11-23T12:00:00Z", param, ctx)
