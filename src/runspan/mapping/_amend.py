"""What the agent changed on a Run after it had left as spans: found, and put right again. Knows no span.

An amendment is a JSON object: `n` its number, `at` the path from the Run, and either `value` (set it; at the end of an
array, append it) or `length` (shorten the array). They apply in the order of their numbers.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from runspan.native import COMPUTED_DECISION, COMPUTED_METRICS, COMPUTED_RUN, derive_run
from runspan.record import FinishedRun
from runspan.values import dumps

__all__ = ["amended", "apply_amendments", "batch_amendments", "find_amendments"]

_Path = tuple[str | int, ...]


def find_amendments(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what makes `after` of `before`, computed fields aside; both are native Runs and stay as they are."""
    found: list[dict[str, Any]] = []
    before, after = _stored(before), _stored(after)
    if dumps(before) != dumps(after):  # so quick that it pays: most runs need none
        _compare(before, after, (), found)
    return [{"n": number} | amendment for number, amendment in enumerate(found)]


def _stored(run: dict[str, Any]) -> dict[str, Any]:
    run = _without(run, COMPUTED_RUN)
    decisions = run.get("decisions")
    if isinstance(decisions, list):
        run["decisions"] = [_without(decision, COMPUTED_DECISION) for decision in decisions]
    if isinstance(run.get("metrics"), dict):
        run["metrics"] = _without(run["metrics"], COMPUTED_METRICS)
    return run


def _without(part: Any, names: tuple[str, ...]) -> Any:
    if not isinstance(part, dict):
        return part
    return {name: value for name, value in part.items() if name not in names}


def _compare(before: Any, after: Any, path: _Path, found: list[dict[str, Any]]) -> None:
    if isinstance(before, dict) and isinstance(after, dict) and list(after)[: len(before)] == list(before):
        _compare_objects(before, after, path, found)
    elif isinstance(before, list) and isinstance(after, list):
        _compare_arrays(before, after, path, found)
    elif dumps(before) != dumps(after):
        found.append({"at": path, "value": after})


def _compare_objects(before: dict[str, Any], after: dict[str, Any], path: _Path, found: list[dict[str, Any]]) -> None:
    for name, value in after.items():
        if name in before:
            _compare(before[name], value, (*path, name), found)
        else:
            found.append({"at": (*path, name), "value": value})


def _compare_arrays(before: list[Any], after: list[Any], path: _Path, found: list[dict[str, Any]]) -> None:
    if len(after) < len(before):
        found.append({"at": path, "length": len(after)})
    for index, value in enumerate(after):
        if index < len(before):
            _compare(before[index], value, (*path, index), found)
        else:
            found.append({"at": (*path, index), "value": value})


def batch_amendments(amendments: list[dict[str, Any]], max_bytes: int) -> list[str]:
    """Return the amendments as JSON arrays of at most `max_bytes` each; one that is larger stands alone."""
    batches: list[list[bytes]] = []
    size = max_bytes
    for amendment in amendments:
        data = dumps(amendment)
        if size + len(data) + 1 > max_bytes:
            batches.append([])
            size = len("[]")
        batches[-1].append(data)
        size += len(data) + 1
    return [f"[{b','.join(batch).decode()}]" for batch in batches]


def apply_amendments(run: dict[str, Any], amendments: list[Any]) -> bool:
    """Put a decoded Run right, in place.

    Returns:
        Whether all of them could be applied; one that points nowhere is passed over.
    """
    numbered = [amendment for amendment in amendments if isinstance(amendment, dict) and "n" in amendment]
    applied = [_apply(run, amendment) for amendment in sorted(numbered, key=_number)]
    return all(applied) and len(applied) == len(amendments)


def amended(recorded: dict[str, Any], amendments: list[dict[str, Any]]) -> FinishedRun:
    """Return the Run that `amendments` make of `recorded`; neither is changed."""
    native = deepcopy(recorded)
    apply_amendments(native, deepcopy(amendments))  # what they put in gets computed fields
    return FinishedRun(derive_run(native), recorded)


def _number(amendment: dict[str, Any]) -> int:
    number = amendment["n"]
    return number if isinstance(number, int) else -1


def _apply(run: dict[str, Any], amendment: dict[str, Any]) -> bool:
    try:
        if not amendment["at"]:
            return _replace(run, amendment["value"])
        *parents, last = amendment["at"]
        target: Any = run
        for step in parents:
            target = target[step]
        if "length" in amendment:
            del target[last][amendment["length"] :]
        elif isinstance(target, list) and last == len(target):
            target.append(amendment["value"])
        else:
            target[last] = amendment["value"]
    except (KeyError, IndexError, TypeError, ValueError):
        return False
    return True


def _replace(run: dict[str, Any], value: dict[str, Any]) -> bool:
    run.clear()
    run.update(value)
    return True
