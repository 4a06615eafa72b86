"""The table of all attributes in `docs/attributes.md`, made of `runspan.semconv`. Knows no file."""

from __future__ import annotations

import ast
import inspect
import itertools

from runspan import semconv

__all__ = ["attribute_table", "field_docstrings", "names"]

_HEAD = """# Attributes

Every name that runspan writes on spans, made of the constants in `runspan.semconv`. Attributes called JSON are one
string each that holds a JSON document. What equals its default (an empty text, list or object, null, 0) is left out.
"""


def names() -> dict[str, str]:
    """Return the names by constant: attributes and events, not values."""
    return {
        constant: value
        for constant in semconv.__all__
        if isinstance(value := getattr(semconv, constant), str) and "." in value and "/" not in value
    }


def docstrings() -> dict[str, str]:
    """Return each constant's docstring, one line."""
    return _told_below(ast.parse(inspect.getsource(semconv)).body)


def field_docstrings(kind: type) -> dict[str, str]:
    """Return the docstring of each field of a dataclass, one line."""
    [definition] = ast.parse(inspect.getsource(kind)).body
    assert isinstance(definition, ast.ClassDef)
    return _told_below(definition.body)


def _told_below(body: list[ast.stmt]) -> dict[str, str]:
    found = {}
    for statement, after in itertools.pairwise(body):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            assert isinstance(after, ast.Expr), statement.target.id
            assert isinstance(after.value, ast.Constant), statement.target.id
            found[statement.target.id] = str(after.value.value).split("\n\n")[0].replace("\n", " ")
    return found


def attribute_table() -> str:
    """Return the page."""
    told = docstrings()
    rows = [f"| `{name}` | {told[constant]} |" for constant, name in sorted(names().items(), key=lambda row: row[1])]
    return "\n".join([_HEAD, "| name | what it is |", "|---|---|", *rows, ""])
