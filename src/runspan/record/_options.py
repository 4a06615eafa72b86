"""Options of a decision made JSON. Knows no decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import orjson

from runspan.record._coerce import array_of_texts, keep, number, object_json, text
from runspan.record._parts import EMPTY_ARRAY
from runspan.values import DEFAULT_BOUNDS, encode, encode_plain, to_json_value

if TYPE_CHECKING:
    from runspan.record._coerce import Extra

__all__ = ["encode_options", "options_parts"]

_OWN_ID: Final = "id"
_MAX_ITEMS: Final = DEFAULT_BOUNDS.max_items
_MAX_STRING: Final = DEFAULT_BOUNDS.max_string

_FIELDS: Final = ("id", "description", "action_type", "action_params", "pros", "cons", "confidence")
_DESCRIPTION: Final = ""
_ACTION_TYPE: Final = "unknown"
_CONFIDENCE: Final = 0.5


def encode_options(options: object, name: str, extra: Extra) -> bytes:
    """Encode options alone, as `options_parts` does; what is no option at all is kept as `{name}_given`."""
    data, by_id = options_parts(options, extra, [])
    if not by_id and options and f"{name}_given" not in extra:
        keep(name, options, extra)
    return data


def options_parts(options: object, extra: Extra, doubts: list[str]) -> tuple[bytes, dict[str, str]]:
    """Return the options as the file has them.

    Args:
        options: As the agent gave them.
        extra: Takes what is no option at all.
        doubts: Takes what is doubtful about them.

    Returns:
        A JSON array, and the descriptions by id; the first option of an id counts.
    """
    if type(options) is list:
        # What most agents give is plain and complete: checked and encoded in one go, a third of the cost.
        plain = _plain(options) if len(options) <= _MAX_ITEMS else None
        data = encode_plain(plain.options, unknown=plain.params) if plain is not None else None
        # In so few bytes no text is too long.
        if plain is not None and data is not None and len(data) <= _MAX_STRING:
            return data, plain.by_id
    else:
        options = _listed(options, extra, doubts)
    if len(options) > _MAX_ITEMS:
        doubts.append(f"{len(options):,} options, the first {_MAX_ITEMS:,} are recorded")
    described = [_option(option, doubts) for option in options[:_MAX_ITEMS]]
    by_id = {option["id"]: option["description"] for option in reversed(described)}
    return orjson.dumps(described) if described else EMPTY_ARRAY, by_id


class _Plain(NamedTuple):
    """Options every field of which has its type already."""

    options: list[dict[str, Any]]
    """As the file has them."""
    params: list[dict[str, Any]]
    """Of each, the one field whose values have not been looked at."""
    by_id: dict[str, str]


def _plain(options: list[Any]) -> _Plain | None:
    plain: list[dict[str, Any]] = []
    params: list[dict[str, Any]] = []
    by_id: dict[str, str] = {}
    for option in options:
        if type(option) is not dict:
            return None
        complete = option if tuple(option) == _FIELDS else _complete(option)
        option_id, description, action_type, param, pros, cons, confidence = complete.values()
        if not (
            type(option_id) is type(description) is type(action_type) is str
            and option_id
            and type(param) is dict
            and type(pros) is type(cons) is list
            and len(pros) <= _MAX_ITEMS >= len(cons)
            and type(confidence) is float
            and confidence - confidence == 0.0  # neither infinite nor NaN
        ):
            return None
        for item in (*pros, *cons):
            if type(item) is not str:
                return None
        plain.append(complete)
        params.append(param)
        by_id.setdefault(option_id, description)
    return _Plain(plain, params, by_id)


def _complete(option: dict[str, Any]) -> dict[str, Any]:
    """Return an option with all fields there are, and no others."""
    get = option.get
    param, pros, cons = get("action_params"), get("pros"), get("cons")
    return {
        "id": get("id"),
        "description": get("description", _DESCRIPTION),
        "action_type": get("action_type", _ACTION_TYPE),
        "action_params": {} if param is None else param,
        "pros": [] if pros is None else pros,
        "cons": [] if cons is None else cons,
        "confidence": get("confidence", _CONFIDENCE),
    }


def _listed(options: object, extra: Extra, doubts: list[str]) -> list[object]:
    if options is None:
        return []
    if isinstance(options, Mapping) and _OWN_ID in options:
        return [options]
    if isinstance(options, Iterable) and not isinstance(options, str | bytes | Mapping):
        try:
            return list(islice(options, _MAX_ITEMS + 1))
        except Exception:  # noqa: BLE001 - the agent's own iterable may raise anything
            doubts.append("options cannot be iterated over")
    doubts.append("options is no list of dicts; it is kept as options_given")
    keep("options", options, extra)
    return []


def _option(option: object, doubts: list[str]) -> dict[str, Any]:
    given = option if type(option) is dict else _fields_of(option, doubts)
    get = given.get
    extra: Extra = {}
    encoded: dict[str, Any] = {
        "id": text(get("id", ""), "id", extra),
        "description": text(get("description", _DESCRIPTION), "description", extra),
        "action_type": text(get("action_type", _ACTION_TYPE), "action_type", extra),
        "action_params": _spliced(object_json(get("action_params"), "action_params", extra)),
        "pros": array_of_texts(get("pros"), "pros", extra),
        "cons": array_of_texts(get("cons"), "cons", extra),
        "confidence": number(get("confidence", _CONFIDENCE), "confidence", extra, default=_CONFIDENCE),
    }
    if not encoded["id"]:
        doubts.append("an option has no id; it is recorded with an empty one")
    for name, data in extra.items():
        encoded[name] = _spliced(data)
    return encoded


def _fields_of(option: object, doubts: list[str]) -> dict[str, Any]:
    """Return an option that is no dict (a model, a dataclass, a text) as one."""
    plain = to_json_value(option)
    if isinstance(plain, dict):
        return cast("dict[str, Any]", plain)
    word = plain if isinstance(plain, str) else encode(plain).decode()
    doubts.append(f"option {word[:80]!r} is no dict; its text is taken as id and description")
    return {"id": word, "description": word}


def _spliced(data: bytes) -> object:
    """Return JSON that orjson takes over as it is: each value is bounded and encoded by itself."""
    return orjson.Fragment(data)
