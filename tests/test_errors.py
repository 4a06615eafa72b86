"""The error tree is as drawn, and errors carry what a caller acts on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runspan import errors


def drawn() -> dict[str, tuple[int, str | None]]:
    """Return name -> (depth, second base) from the drawing in the module's docstring."""
    assert errors.__doc__ is not None
    lines = re.findall(r"^([│├└─ ]*)(\w+Error)(?: \((\w+)\))?", errors.__doc__, re.MULTILINE)
    return {name: (len(indent) // 4, base or None) for indent, name, base in lines}


def test_tree_is_as_drawn() -> None:
    """Every class stands in the drawing at its depth, with its second base."""
    actual = {}
    for name in errors.__all__:
        kind = getattr(errors, name)
        own = [base for base in kind.__bases__ if issubclass(base, errors.RunspanError) or base is Exception]
        others = [base.__name__ for base in kind.__bases__ if base not in own]
        depth = len([base for base in kind.__mro__ if issubclass(base, errors.RunspanError)]) - 1
        actual[name] = (depth, others[0] if others else None)

    assert drawn() == actual


def test_errors_carry_their_facts() -> None:
    """Path, run id and address are attributes, not only text."""
    missing = errors.RunNotFoundError("run_1", Path("store"))
    backend = errors.BackendError("no answer", "http://localhost:16686")

    assert (Path("store"), "run_1") == (missing.path, missing.run_id)
    assert "http://localhost:16686" == backend.url
    with pytest.raises(LookupError, match="run_1"):
        raise missing


def test_missing_extra_has_one_text() -> None:
    """It holds the command that helps."""
    error = errors.MissingExtraError("reading .zst files", "zstandard", "zstd")

    assert str(error) == (
        "reading .zst files needs zstandard, which is not installed. Install it with: pip install 'runspan[zstd]'"
    )
