"""Settings: argument, environment, default; a bad value says what is legal."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from runspan.errors import ConfigError
from runspan.settings import SETTINGS, Settings, read_settings
from tests.settings_table import bound_variables, settings_page

if TYPE_CHECKING:
    from tests.conftest import Golden


def test_defaults_are_the_tables() -> None:
    """The dataclass and the table say the same."""
    fields = {field.name: field.default for field in dataclasses.fields(Settings) if field.name != "event_limit"}

    assert fields == {setting.name: setting.default for setting in SETTINGS}
    assert Settings() == read_settings()


def test_argument_wins_over_environment_over_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """One precedence for all."""
    monkeypatch.setenv("RUNSPAN_PARENT", "current")
    monkeypatch.setenv("RUNSPAN_MAX_VALUE_BYTES", "100")

    assert ("root", 100) == (read_settings(parent="root").parent, read_settings().max_value_bytes)
    assert "current" == read_settings().parent


def test_empty_variable_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """As OpenTelemetry has it."""
    monkeypatch.setenv("RUNSPAN_STORAGE", "")

    assert read_settings().storage is None


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("RUNSPAN_MAX_VALUE_BYTES", "-1", "above 0"),
        ("RUNSPAN_MAX_VALUE_BYTES", "many", "above 0"),
        ("RUNSPAN_PARENT", "sibling", "root, current"),
        ("RUNSPAN_SPAN_NAMES", "all", "node, choice"),
        ("RUNSPAN_JAEGER_URL", "jaeger:16686", "http://"),
    ],
)
def test_bad_variable_is_refused(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str) -> None:
    """The message names the variable, the value and what is legal."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=words) as caught:
        read_settings()

    assert variable in str(caught.value)
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize(("value", "expected"), [("5", 5), ("", 128), ("0", 0)])
def test_event_limit_is_opentelemetrys(monkeypatch: pytest.MonkeyPatch, value: str, expected: int) -> None:
    """Where OpenTelemetry has a name, that one is read."""
    monkeypatch.setenv("OTEL_SPAN_EVENT_COUNT_LIMIT", value)

    assert expected == read_settings().event_limit


@pytest.mark.parametrize("value", ["many", "-3"])
def test_bad_opentelemetry_variable_warns(
    monkeypatch: pytest.MonkeyPatch, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    """By OpenTelemetry's rules the default holds."""
    monkeypatch.setenv("OTEL_SPAN_EVENT_COUNT_LIMIT", value)

    assert 128 == read_settings().event_limit
    assert "OTEL_SPAN_EVENT_COUNT_LIMIT" in caplog.text


BOUNDED = """
import json
from runspan.record import encode_outcome
from runspan.values import encode

value = {"a": "x" * 200, "b": list(range(200)), "c": [[[[[]]]]]}
print(json.dumps([json.loads(encode(value)), len(encode_outcome(True, 1, None, "x" * 200, None, 0, 0).summary)]))
"""


def test_bounds_are_the_environments() -> None:
    """For the whole process; a bad one is logged, and its default holds."""
    bounds = {
        "RUNSPAN_MAX_STRING": "100",
        "RUNSPAN_MAX_ITEMS": "10",
        "RUNSPAN_MAX_DEPTH": "4",
        "RUNSPAN_MAX_NODES": "-1",
    }
    done = subprocess.run(
        [sys.executable, "-c", BOUNDED], env=os.environ | bounds, capture_output=True, text=True, check=True
    )
    value, summary = json.loads(done.stdout)

    assert "x" * 100 + "… 100 more characters" == value["a"]
    assert [*range(10), "… 190 more items"] == value["b"]
    assert [[["… deeper than 4 levels"]]] == value["c"]
    assert len("x" * 100 + "… 100 more characters") == summary
    assert "RUNSPAN_MAX_NODES='-1' is no whole number from 1 up; 20000 holds" in done.stderr


def test_page_of_the_settings_is_the_codes(golden: Golden) -> None:
    """docs/settings.md is made of the tables."""
    golden("docs/settings.md", settings_page())


def test_bounds_on_the_page_are_those_that_are_read() -> None:
    """The variable of each is the one that changes it."""
    read = {
        "max_string": "RUNSPAN_MAX_STRING",
        "max_items": "RUNSPAN_MAX_ITEMS",
        "max_depth": "RUNSPAN_MAX_DEPTH",
        "max_nodes": "RUNSPAN_MAX_NODES",
    }

    assert read == {field: variable for field, (variable, _) in bound_variables().items()}
