"""What all pages share: templates that escape everything, filters for recorded values, the policy. Knows no run."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from runspan._version import __version__
from runspan.texts import brief, duration, json_text, visible, visible_lines
from runspan.values import dumps

__all__ = ["percent", "render"]

_MOST_SHOWN: Final = 4_000
"""Characters of one recorded value: a page stays readable whatever an agent has recorded."""


def render(template: str, **values: object) -> str:
    """Return a page.

    Args:
        template: Its file in `templates`.
        values: What it shows; texts are escaped.
    """
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    style = files("runspan.pages").joinpath("templates/style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment = Environment(
        loader=PackageLoader("runspan.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"style": Markup(style), "style_hash": f"sha256-{digest}", "version": __version__}  # noqa: S704 - ours
    environment.filters |= {
        "brief": brief,
        "data": _data,
        "duration": _duration,
        "line": visible,
        "lines": _lines,
        "percent": percent,
    }
    return environment


def percent(rate: float | None) -> str:
    """Return a rate as people read it."""
    return "-" if rate is None else f"{rate:.0%}"


def _lines(value: object) -> tuple[str, int]:
    return visible_lines(value if isinstance(value, str) else str(value), _MOST_SHOWN)


def _data(value: Any) -> tuple[str, int]:
    """Return any JSON value as people read it, and how many characters were left out."""
    if isinstance(value, str):
        return _lines(value)
    try:
        text = dumps(value, indent=True).decode()
    except ValueError:  # deeper than anybody could read
        text = json_text(value, 2)
    return visible_lines(text, _MOST_SHOWN)


def _duration(ms: object) -> str:
    return duration(ms) if isinstance(ms, int | float) else visible(ms, 40)
