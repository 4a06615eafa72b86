"""The public face: each name and signature, so that a change of it is a line in the diff."""

from __future__ import annotations

import importlib
import inspect
import re
import subprocess
import sys
from enum import EnumType
from typing import TYPE_CHECKING

import pytest

import runspan

if TYPE_CHECKING:
    from tests.conftest import Golden

MODULES = ["runspan", "runspan.errors", "runspan.interchange", "runspan.testing"]
"""What users import from; the other doors are for runspan's own rooms."""


def described(module_name: str) -> list[str]:
    """Return one line for each public name of a module, and for each public member of its classes."""
    module = importlib.import_module(module_name)
    lines = []
    for name in module.__all__:
        value = getattr(module, name)
        lines.append(f"{module_name}.{name}{signature(value)}")
        if inspect.isclass(value) and (value.__module__ + ".").startswith((f"{module_name}.", f"{module_name}._")):
            members = {key: member for key, member in vars(value).items() if not key.startswith("_")}
            lines += [f"    .{key}{signature(member)}" for key, member in sorted(members.items()) if callable(member)]
    return lines


def signature(value: object) -> str:
    """Return how something is called, as far as it is."""
    if isinstance(value, EnumType) or not callable(value):
        return ""
    try:
        return re.sub(r"<function (\w+) at \w+>|<[\w.]*?(\w+) object at \w+>", r"\1\2", str(inspect.signature(value)))
    except (ValueError, TypeError):
        return ""


@pytest.mark.golden
def test_public_api_is_as_promised(golden: Golden) -> None:
    """Names, parameters, defaults."""
    golden("tests/golden/public_api.txt", "\n".join(line for name in MODULES for line in described(name)) + "\n")


def test_unknown_name_is_an_attribute_error() -> None:
    """As for any module; dir() lists what there is."""
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = runspan.nothing
    assert set(runspan.__all__) <= set(dir(runspan))


def test_native_signatures_are_the_originals() -> None:
    """Names, order and defaults that existing code relies on; more may follow by keyword only."""
    native = {
        "start_run": "goal_id, goal_description='', input_data=None",
        "end_run": "success, narrative='', output_data=None",
        "set_node": "node_id",
        "decide": "intent, options, chosen, reasoning, node_id=None, decision_type=custom, constraints=None, "
        "context=None",
        "record_outcome": "decision_id, success, result=None, error=None, summary='', state_changes=None, "
        "tokens_used=0, latency_ms=0",
        "report_problem": "severity, description, decision_id=None, root_cause=None, suggested_fix=None",
        "decide_and_execute": "intent, options, chosen, reasoning, executor, **kwargs",
        "quick_decision": "intent, action, reasoning, node_id=None",
    }
    for name, expected in native.items():
        parameters = list(inspect.signature(getattr(runspan.Runtime, name)).parameters.values())[1:]
        shown = [
            "**kwargs"
            if parameter.kind is parameter.VAR_KEYWORD
            else parameter.name + ("" if parameter.default is parameter.empty else f"={_default(parameter.default)}")
            for parameter in parameters
            if parameter.kind is not parameter.KEYWORD_ONLY
        ]
        assert expected == ", ".join(shown), name


def _default(value: object) -> str:
    return str(value) if isinstance(value, runspan.DecisionType) else repr(value)


def test_importing_runspan_is_light() -> None:
    """Neither pydantic nor the SDK, neither asyncio nor click, before they are needed; recording loads none of them."""
    code = """
import sys, runspan, tempfile
runtime = runspan.Runtime(tempfile.mkdtemp())
with runtime.run("g") as run:
    with run.decision("i", [{"id": "a"}], "a", "r"):
        pass
heavy = {"pydantic", "opentelemetry.sdk", "asyncio", "click", "rich", "numpy", "requests", "grpc"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert "[]" == done.stdout.strip()
