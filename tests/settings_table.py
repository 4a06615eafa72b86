"""The page `docs/settings.md`, made of the table of settings and the bounds of values. Knows no file."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Final

from runspan import Runtime
from runspan.settings import SETTINGS, Setting
from runspan.values import Bounds
from tests.attribute_table import field_docstrings

__all__ = ["bound_variables", "settings_page"]

_HEAD: Final = """# Settings

An argument wins over its variable, and the variable over the default; an empty variable is as good as none. They are
read once, when a `Runtime`, a `RunFileExporter` or a command starts. A value that cannot be used raises
`runspan.errors.ConfigError`, which names it and what is legal. `runspan doctor` prints those in force, and where each
comes from.
"""

_BOUNDS: Final = """
## How much of one value is kept

Whole numbers above 0, read once in a process. What exceeds a bound is cut, and the cut is marked in place. A value
that cannot be used is logged as a warning, and the default holds: importing never raises.
"""

_OTHERS: Final = """
## Variables of OpenTelemetry

runspan has no names of its own for what OpenTelemetry has one for. These it reads itself, by OpenTelemetry's rules; the
SDK and its exporters read more.

| variable | what it is for here |
|---|---|
| `OTEL_EXPORTER_OTLP_ENDPOINT`, `…_TRACES_ENDPOINT` | where spans are sent, unless told otherwise |
| `OTEL_EXPORTER_OTLP_PROTOCOL`, `…_TRACES_PROTOCOL` | `http/protobuf` or `grpc`, for `replay` and `doctor` |
| `OTEL_SERVICE_NAME` | the `service.name` of `configure()` and of `replay`, unless told otherwise |
| `OTEL_SPAN_EVENT_COUNT_LIMIT` | beyond as many problems of one span, further ones go to spans of their own |
| `OTEL_TRACES_EXPORTER=otlp,runspan` | with `opentelemetry-instrument`: run files without a line of code |
| `OTEL_SDK_DISABLED` | no spans; run files are written all the same |
"""


def settings_page() -> str:
    """Return the page."""
    rows = [
        f"| `{each.variable}` | {_argument(each)} | {_default(each)} | {_legal(each)} | {each.doc} |"
        for each in SETTINGS
    ]
    told = field_docstrings(Bounds)
    bounds = [
        f"| `{variable}` | {default:,} | {told[field]} |" for field, (variable, default) in bound_variables().items()
    ]
    return "\n".join(
        [
            _HEAD,
            "| variable | argument of `Runtime` | default | legal | what it does |",
            "|---|---|---|---|---|",
            *rows,
            _BOUNDS,
            "| variable | default | what it bounds |",
            "|---|---|---|",
            *bounds,
            _OTHERS,
        ]
    )


def bound_variables() -> dict[str, tuple[str, int]]:
    """Return the variable and the default of each bound, by its field."""
    fields = dataclasses.fields(Bounds)
    return {field.name: (f"RUNSPAN_{field.name.upper()}", int(str(field.default))) for field in fields}


def _argument(setting: Setting) -> str:
    parameters = inspect.signature(Runtime).parameters
    names = [name for name in (setting.name, f"{setting.name}_path") if name in parameters]
    return f"`{names[0]}`" if names else ""


def _default(setting: Setting) -> str:
    if setting.default is None:
        return "none"
    return f"`{str(setting.default).lower() if isinstance(setting.default, bool) else setting.default}`"


def _legal(setting: Setting) -> str:
    """Return what the setting's own parser says of a text that no setting with rules takes."""
    try:
        setting.parse("\N{SNOWMAN}")
    except ValueError as exc:
        return str(exc).removeprefix("must be ").removeprefix("must ").replace("begin with", "begins with")
    return "any text"
