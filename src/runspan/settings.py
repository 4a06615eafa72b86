"""Every setting of runspan in one table: argument, environment variable, default. Knows nothing of who uses them.

One precedence: argument, environment, default; an empty variable means unset. Read once, at construction.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from runspan.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "DEFAULT_STORAGE",
    "SETTINGS",
    "Setting",
    "Settings",
    "otel_service_name",
    "otlp_http_endpoint",
    "otlp_protocol",
    "read_bound",
    "read_settings",
    "source_of",
]

_logger = logging.getLogger(__name__)

DEFAULT_STORAGE: Final = ".runspan"
"""Folder of the storage where a program has to have one and none is named: the command line, the exporter."""

_DEFAULT_EVENT_LIMIT: Final = 128
_DEFAULT_OTLP_HTTP: Final = "http://localhost:4318"


def _text(value: str) -> str:
    return value


def _positive_int(value: str) -> int:
    try:
        number = int(value)
    except ValueError:
        number = 0
    if number <= 0:
        msg = "must be a whole number above 0"
        raise ValueError(msg)
    return number


def _switch(value: str) -> bool:
    word = value.lower()
    if word not in {"true", "false"}:
        msg = "must be true or false"
        raise ValueError(msg)
    return word == "true"


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in words:
            msg = f"must be one of {', '.join(words)}"
            raise ValueError(msg)
        return value

    return parse


def _web_address(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        msg = "must begin with http:// or https://"
        raise ValueError(msg)
    return value.rstrip("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of the table: the argument `name`, the variable `RUNSPAN_{NAME}` and the option `--{name}`."""

    name: str
    """Name of the argument and of the field of `Settings`."""
    default: str | int | bool | None
    """Value when neither argument nor variable is given."""
    parse: Callable[[str], str | int | bool]
    """Turns a text into the value; raises ValueError with what it must be."""
    doc: str
    """What it does, in one sentence."""

    @property
    def variable(self) -> str:
        """Name of the environment variable."""
        return f"RUNSPAN_{self.name.upper()}"


SETTINGS: Final = (
    Setting(name="storage", default=None, parse=_text, doc="Folder of the FileStorage that takes the run files."),
    Setting(
        name="parent",
        default="root",
        parse=_one_of("root", "current"),
        doc="Whether a run's span is a root with a link to the current span, or a child of the current span.",
    ),
    Setting(
        name="span_names",
        default="node",
        parse=_one_of("node", "choice"),
        doc="Whether a decision's span is named by its node alone, or by its node and the option chosen.",
    ),
    Setting(
        name="max_value_bytes",
        default=32_768,
        parse=_positive_int,
        doc="Largest string put on a span or event, in bytes of UTF-8; files keep more.",
    ),
    Setting(
        name="redact",
        default=True,
        parse=_switch,
        doc="Whether what looks like a secret is kept out of files, journal, spans and logs.",
    ),
    Setting(
        name="capture_content",
        default=True,
        parse=_switch,
        doc="Whether values are recorded, or ids, names and shapes alone.",
    ),
    Setting(
        name="durability",
        default="end",
        parse=_one_of("end", "always"),
        doc="When a run is safe from a power loss: once it has ended, or after every call. A crash loses nothing.",
    ),
    Setting(
        name="jaeger_url",
        default=None,
        parse=_web_address,
        doc="Address of the Jaeger UI that links to traces lead to.",
    ),
)
"""The table. Arguments, variables, options and their documentation all follow from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The values in force, one field for each row of `SETTINGS`."""

    storage: str | None = None
    parent: Literal["root", "current"] = "root"
    span_names: Literal["node", "choice"] = "node"
    max_value_bytes: int = 32_768
    redact: bool = True
    capture_content: bool = True
    durability: Literal["end", "always"] = "end"
    jaeger_url: str | None = None
    event_limit: int = _DEFAULT_EVENT_LIMIT
    """Events a span keeps before the SDK evicts the oldest (`OTEL_SPAN_EVENT_COUNT_LIMIT`)."""


def read_settings(**arguments: Any) -> Settings:
    """Settle each setting: argument, else environment, else default.

    Args:
        arguments: Values by setting name; None counts as not given.

    Raises:
        ConfigError: An argument or a variable cannot be used; the message names it and the legal values.
    """
    values = {setting.name: _settle(setting, arguments.get(setting.name)) for setting in SETTINGS}
    return Settings(**cast("Any", values), event_limit=_event_limit())


def source_of(setting: Setting) -> str:
    """Return where a setting's value comes from, for people: its variable, or the default."""
    return setting.variable if os.environ.get(setting.variable, "").strip() else "default"


def _settle(setting: Setting, argument: object) -> str | int | bool | None:
    if argument is not None:
        return _parse(setting, str(argument), shown=f"{setting.name}={argument!r}")
    text = os.environ.get(setting.variable, "").strip()
    if text:
        return _parse(setting, text, shown=f"{setting.variable}={text!r}")
    return setting.default


def _parse(setting: Setting, text: str, *, shown: str) -> str | int | bool:
    try:
        return setting.parse(text)
    except ValueError as exc:
        msg = f"{shown}: {exc}"
        raise ConfigError(msg) from None


def _event_limit() -> int:
    """Read OpenTelemetry's own variable by its rules."""
    return _whole_number("OTEL_SPAN_EVENT_COUNT_LIMIT", _DEFAULT_EVENT_LIMIT, least=0)


def read_bound(name: str, default: int) -> int:
    """Return how much of one value is kept: `RUNSPAN_MAX_{NAME}`, for the whole process and from its start.

    Args:
        name: `string`, `items`, `depth` or `nodes`.
        default: Holds where the variable is unset, or bad, which is logged: nothing raises while modules load.
    """
    return _whole_number(f"RUNSPAN_MAX_{name.upper()}", default, least=1)


def _whole_number(variable: str, default: int, *, least: int) -> int:
    text = os.environ.get(variable, "").strip()
    if not text:
        return default
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        _logger.warning("%s=%r is no whole number from %d up; %d holds", variable, text, least, default)
        return default
    return number


def otlp_protocol() -> str:
    """Return the protocol that OpenTelemetry's own variables name for traces, `http/protobuf` if they name none.

    See https://opentelemetry.io/docs/specs/otel/protocol/exporter/.
    """
    for variable in ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        text = os.environ.get(variable, "").strip().lower()
        if text:
            return text
    return "http/protobuf"


def otel_service_name() -> str | None:
    """Return the service name that OpenTelemetry's own variable gives, None if it gives none."""
    return os.environ.get("OTEL_SERVICE_NAME", "").strip() or None


def otlp_http_endpoint() -> str:
    """Return where OpenTelemetry's own variables send traces by OTLP over HTTP, with or without a path.

    See https://opentelemetry.io/docs/specs/otel/protocol/exporter/.
    """
    for variable in ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"):
        text = os.environ.get(variable, "").strip()
        if text:
            return text
    return _DEFAULT_OTLP_HTTP
