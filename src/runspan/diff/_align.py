"""Which decision of one run is which of another: by node and intent, not by position. Knows nothing of outcomes."""

from __future__ import annotations

import re
from bisect import bisect_left
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["Pair", "align", "moved"]

Pair = tuple[int | None, int | None]
"""Places of one decision in both runs; None where it is in one run only."""

_CLOSE: Final = 0.6
_MOST_COMPARED: Final = 100
_MOST_ALIKE: Final = 300
_NUMBERS: Final = re.compile(r"[0-9a-f]{8,}|\d+", re.IGNORECASE)


def align(before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]]) -> list[Pair]:
    """Pair the decisions of two runs.

    First those of the same node and intent, in their order; where one run made such a decision more often, those that
    chose alike. Then those whose intents differ in numbers and ids alone, then those of one node with close intents.

    Args:
        before: Decisions of one run, as the native format has them.
        after: Those of the other.

    Returns:
        A pair for each decision, in the order of the second run; what is only in the first stands where it was.
    """
    left, right = list(range(len(before))), list(range(len(after)))
    pairs: list[tuple[int, int]] = []
    for key_of in (_exact_key, _loose_key):
        found: list[tuple[int, int]] = []
        for some, others in _groups(key_of, before, left, after, right):
            found += _in_group(before, some, after, others)
        left, right = _rest(left, right, found)
        pairs += found
    pairs += _close(before, left, after, right)
    return _in_order(pairs, len(before), len(after))


def _exact_key(decision: dict[str, Any]) -> tuple[str, str]:
    return str(decision.get("node_id")), str(decision.get("intent"))


def _loose_key(decision: dict[str, Any]) -> tuple[str, str]:
    node, intent = _exact_key(decision)
    return node, " ".join(_NUMBERS.sub("#", intent).lower().split())


def _groups(
    key_of: Callable[[dict[str, Any]], tuple[str, str]],
    before: Sequence[dict[str, Any]],
    left: Iterable[int],
    after: Sequence[dict[str, Any]],
    right: Iterable[int],
) -> Iterator[tuple[list[int], list[int]]]:
    """Give the places of the decisions that have one key in both runs."""
    there: dict[tuple[str, str], list[int]] = {}
    for place in right:
        there.setdefault(key_of(after[place]), []).append(place)
    here: dict[tuple[str, str], list[int]] = {}
    for place in left:
        here.setdefault(key_of(before[place]), []).append(place)
    for key, places in here.items():
        if key in there:
            yield places, there[key]


def _in_group(
    before: Sequence[dict[str, Any]], some: list[int], after: Sequence[dict[str, Any]], others: list[int]
) -> list[tuple[int, int]]:
    if len(some) == len(others) or max(len(some), len(others)) > _MOST_ALIKE:
        return list(zip(some, others, strict=False))
    chosen, other_chosen = [_choice(before[place]) for place in some], [_choice(after[place]) for place in others]
    blocks = SequenceMatcher(None, chosen, other_chosen, autojunk=False).get_matching_blocks()
    found = [(some[block.a + step], others[block.b + step]) for block in blocks for step in range(block.size)]
    left, right = _rest(some, others, found)
    return found + list(zip(left, right, strict=False))


def _choice(decision: dict[str, Any]) -> tuple[str, bool]:
    return str(decision.get("chosen_option_id")), bool(decision.get("was_successful"))


def _rest(left: list[int], right: list[int], pairs: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    taken, taken_there = {one for one, _ in pairs}, {other for _, other in pairs}
    return [one for one in left if one not in taken], [other for other in right if other not in taken_there]


def _close(
    before: Sequence[dict[str, Any]], left: list[int], after: Sequence[dict[str, Any]], right: list[int]
) -> list[tuple[int, int]]:
    """Pair what is left where one node meant nearly the same, the closest first."""
    if len(left) > _MOST_COMPARED or len(right) > _MOST_COMPARED:
        return []
    rated = [
        (-rate, one, other)
        for one in left
        for other in right
        if (rate := _closeness(_loose_key(before[one]), _loose_key(after[other]))) >= _CLOSE
    ]
    pairs: dict[int, int] = {}
    for _, one, other in sorted(rated):
        if one not in pairs and other not in pairs.values():
            pairs[one] = other
    return list(pairs.items())


def _closeness(one: tuple[str, str], other: tuple[str, str]) -> float:
    return SequenceMatcher(None, one[1], other[1]).ratio() if one[0] == other[0] else 0.0


def _in_order(pairs: list[tuple[int, int]], before: int, after: int) -> list[Pair]:
    there = dict(pairs)
    found: list[tuple[tuple[int, int, int], Pair]] = []
    last = -1
    for one in range(before):
        if one in there:
            last = there[one]
            found.append(((last, 0, 0), (one, last)))
        else:
            found.append(((last, 1, one), (one, None)))
    taken = set(there.values())
    found += [((other, 0, 0), (None, other)) for other in range(after) if other not in taken]
    return [pair for _, pair in sorted(found, key=lambda row: row[0])]


def moved(pairs: Iterable[Pair]) -> set[tuple[int, int]]:
    """Return the pairs that are out of order: all but a longest sequence that is in order in both runs."""
    both = sorted((one, other) for one, other in pairs if one is not None and other is not None)
    ends: list[int] = []  # the smallest last place of a sequence in order, by its length
    tails: list[int] = []  # which pair that is
    before: list[int] = []  # the pair before each in the longest sequence that ends with it
    for number, (_, other) in enumerate(both):
        length = bisect_left(ends, other)
        before.append(tails[length - 1] if length else -1)
        ends[length : length + 1] = [other]
        tails[length : length + 1] = [number]
    kept: set[tuple[int, int]] = set()
    number = tails[-1] if tails else -1
    while number >= 0:
        kept.add(both[number])
        number = before[number]
    return set(both) - kept
