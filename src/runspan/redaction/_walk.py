"""The walk through a JSON value: which strings are replaced for their key, which are looked into. Knows no patterns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from runspan.redaction._findings import REDACTED, Finding
from runspan.redaction._words import is_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from runspan.native import JSONValue

__all__ = ["Walk"]

_FLAG: Final = re.compile(r"--?[\w.-]+", re.ASCII)
_NAMES: Final = ("name", "key", "header", "field", "variable", "Name", "Key")
_VALUES: Final = ("value", "Value", "val")


class _Step(NamedTuple):
    """One value to visit, and where its copy goes."""

    value: Any
    into: Any
    at: Any
    path: str
    rule: str | None
    """Rule of the key that the value stands under, however deep."""
    is_schema: bool = False
    """Whether the value is `properties` of a JSON schema: its keys are names of parameters."""


class Walk:
    """One walk through one value. It needs no stack of calls: a value may be nested as deep as it likes."""

    def __init__(self, text: Callable[[str], tuple[str, list[str]]], rule_of: Callable[[str], str | None]) -> None:
        self.findings: list[Finding] = []
        self._text = text
        self._rule_of = rule_of
        self._todo: list[_Step] = []

    def start(self, value: JSONValue, path: str) -> JSONValue:
        """Return a copy without secrets; `findings` says what was replaced."""
        made: list[JSONValue] = [None]
        self._todo.append(_Step(value, made, 0, path, None))
        while self._todo:
            self._visit(self._todo.pop())
        return made[0]

    def _visit(self, step: _Step) -> None:
        value = step.value
        if isinstance(value, str):
            step.into[step.at] = self._string(value, step.path, step.rule)
        elif isinstance(value, dict):
            step.into[step.at] = self._object(value, step)
        elif isinstance(value, list):
            step.into[step.at] = self._array(value, step)
        else:
            step.into[step.at] = value

    def _string(self, value: str, path: str, rule: str | None) -> str:
        if rule is None:
            text, rules = self._text(value)
            self.findings += [Finding(path, name) for name in rules]
            return text
        if value in ("", REDACTED):
            return value
        self.findings.append(Finding(path, rule))
        return REDACTED

    def _object(self, value: dict[str, Any], step: _Step) -> dict[str, Any]:
        made: dict[str, Any] = {}
        steps = []
        named = _named(value)
        for key, item in value.items():
            name = self._key(key, made, value, step.path)
            path = f"{step.path}.{name}" if step.path else name
            rule = step.rule
            if rule is None and not step.is_schema and not _is_exempt(key, item, value):
                rule = self._rule_under(named if named is not None and key in _VALUES else key)
            made[name] = None
            steps.append(_Step(item, made, name, path, rule, key == "properties" and not step.is_schema))
        self._todo += reversed(steps)
        return made

    def _rule_under(self, key: str) -> str | None:
        """Return the rule by which a key marks a secret, as it was or as it will be: a mark in it may end a word."""
        return self._rule_of(key) or self._rule_of(self._text(key)[0])

    def _key(self, key: str, made: dict[str, Any], others: dict[str, Any], path: str) -> str:
        """Return the key without secrets, still another than all others."""
        name, rules = self._text(key)
        if not rules:
            return key
        number, first = 2, name
        while name in made or name in others:
            name = f"{first} ({number})"
            number += 1
        self.findings += [Finding(f"{path}.{name}" if path else name, rule) for rule in rules]
        return name

    def _array(self, value: list[Any], step: _Step) -> list[Any]:
        made = [None] * len(value)
        steps = []
        flag: str | None = None
        for at, item in enumerate(value):
            is_flag = isinstance(item, str) and _FLAG.fullmatch(item) is not None
            rule = step.rule or (None if is_flag else flag)
            steps.append(_Step(item, made, at, f"{step.path}[{at}]", rule))
            flag = self._rule_of(item) if is_flag else None
        self._todo += reversed(steps)
        return made


def _named(value: dict[str, Any]) -> str | None:
    """Return the name of `{"name": "API_KEY", "value": "…"}`, a variable, header or field as data."""
    if not any(key in value for key in _VALUES):
        return None
    return next((value[key] for key in _NAMES if isinstance(value.get(key), str)), None)


def _is_exempt(key: str, item: object, beside: dict[str, Any]) -> bool:
    """Whether a key that looks like a secret's is another thing: a model's token, the shell's folder."""
    if not isinstance(item, str):
        return False
    return (key == "token" and "logprob" in beside) or is_folder(key, item[:1])
