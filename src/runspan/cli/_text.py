"""Texts of strangers made fit to be shown, under the name the commands know. See `runspan.texts`."""

from runspan.texts import brief, duration, visible

__all__ = ["brief", "duration", "visible"]
