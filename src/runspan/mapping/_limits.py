"""Strings on spans kept within bounds: the largest are cut first, JSON stays JSON, every cut is marked.

Jaeger on badger refuses strings near 65,000 bytes and loses the rest of the batch with them. Knows no Run: the file
keeps what is cut here.
"""

from __future__ import annotations

from typing import Any, Final

from runspan import semconv
from runspan.values import Bounds, dumps, loads, to_json_value

__all__ = ["MAX_SPAN_BYTES", "fit", "size_of"]

MAX_SPAN_BYTES: Final = 256 * 1024
"""All strings of one span together, its events' included, in bytes of UTF-8."""

_MIN_ROOM: Final = 1_024
"""What an event gets at least, however full its span is: an outcome is never left out."""

_UNBOUNDED: Final = 2**31

_JSON_NAMES: Final = frozenset(
    {
        semconv.AMENDMENTS,
        semconv.DECISION_CONSTRAINTS,
        semconv.DECISION_CONTEXT,
        semconv.DECISION_EVALUATION,
        semconv.DECISION_EXTRA,
        semconv.DECISION_OPTIONS,
        semconv.OUTCOME_EXTRA,
        semconv.OUTCOME_RESULT,
        semconv.OUTCOME_STATE_CHANGES,
        semconv.PROBLEM_EXTRA,
        semconv.RUN_EXTRA,
        semconv.RUN_INPUT,
        semconv.RUN_OUTPUT,
    }
)


def size_of(value: object) -> int:
    """Return the bytes of UTF-8 an attribute value takes; 0 for what is no string."""
    if type(value) is not str:
        return 0
    return len(value) if value.isascii() else len(value.encode())


def fit(attributes: dict[str, Any], *, max_value_bytes: int, room: int = MAX_SPAN_BYTES) -> tuple[dict[str, Any], int]:
    """Cut what is too large for a span.

    Args:
        attributes: Attributes of one span or event; not changed.
        max_value_bytes: Most bytes for one string.
        room: Bytes that are left for all of them together.

    Returns:
        The attributes, with `runspan.cut` naming those that were cut, and the bytes they take.
    """
    used = size_of("".join([value for value in attributes.values() if type(value) is str]))
    if used <= room and used <= max_value_bytes:
        return attributes, used
    sizes = {name: size_of(value) for name, value in attributes.items()}
    cap = _cap(sorted(sizes.values()), max_value_bytes, max(room, _MIN_ROOM))
    cut = {name: _cut(name, attributes[name], cap) for name, size in sizes.items() if size > cap}
    if not cut:
        return attributes, used
    fitted = attributes | cut | {semconv.CUT: dumps(sorted(cut)).decode()}
    return fitted, sum(map(size_of, fitted.values()))


def _cap(sizes: list[int], max_value_bytes: int, room: int) -> int:
    """Return the largest size every string may have so that all of them fit the room."""
    left = room
    for position, size in enumerate(sizes):
        share = left // (len(sizes) - position)
        if size > share:
            return min(share, max_value_bytes)
        left -= size
    return max_value_bytes


def _cut(name: str, text: str, max_bytes: int) -> str:
    return _cut_json(text, max_bytes) if name in _JSON_NAMES else _cut_text(text, max_bytes)


def _cut_text(text: str, max_bytes: int) -> str:
    mark = f"… {len(text):,} characters"
    kept = text.encode()[: max(max_bytes - len(mark.encode()), 0)].decode(errors="ignore")
    return kept + mark


def _cut_json(text: str, max_bytes: int) -> str:
    value = loads(text)
    max_string = max_bytes // 2
    while max_string >= 16:  # noqa: PLR2004 - shorter texts say nothing
        data = _bounded(value, max_string, _UNBOUNDED)
        if len(data) <= max_bytes:
            return data.decode()
        max_string //= 2
    for max_items in (100, 20, 5, 1):
        data = _bounded(value, 16, max_items)
        if len(data) <= max_bytes:
            return data.decode()
    return '{"…":"cut"}' if isinstance(value, dict) else '["… cut"]'


def _bounded(value: Any, max_string: int, max_items: int) -> bytes:
    bounds = Bounds(max_string=max_string, max_items=max_items, max_depth=_UNBOUNDED, max_nodes=_UNBOUNDED)
    return dumps(to_json_value(value, bounds))
