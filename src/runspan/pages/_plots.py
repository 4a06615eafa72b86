"""Plots as inline SVG that the page's style sheet colours. Knows numbers and labels, and no run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from runspan.pages._pygal import Style, etree, pygal
from runspan.texts import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["bars", "lines", "points"]

_LONGEST_LABEL: Final = 28
_WIDTH: Final = 900
_UNWANTED: Final = {"script", "style", "desc", "title"}
_SETTINGS: Final[dict[str, Any]] = {
    "js": [],
    "width": _WIDTH,
    "show_legend": False,
    "truncate_label": -1,
    "style": Style(label_font_size=13, major_label_font_size=13),
    "print_values": False,
    "margin": 16,
    "dots_size": 3,
    "no_data_text": "",
}


def bars(title: str, labels: Sequence[str], series: Sequence[tuple[str, Sequence[Any]]]) -> Markup:
    """Return horizontal bars of rates from 0 to 100 %.

    Args:
        title: What a screen reader says of it.
        labels: Names of the rows, from the top.
        series: Name and rates of each; a rate is a number, None, or one with an interval: `(rate, low, high)`.
    """
    height = 70 + len(labels) * (14 + 14 * len(series))
    chart = pygal.HorizontalBar(range=(0, 100), height=height, **_SETTINGS)
    chart.value_formatter = _percent
    chart.x_labels = [_short(label) for label in reversed(labels)]
    for name, rates in reversed(series):
        chart.add(name, [_value(rate) for rate in reversed(rates)])
    return _drawn(chart, title, [name for name, _ in reversed(series)])


def lines(title: str, labels: Sequence[str], series: Sequence[tuple[str, Sequence[float | None]]]) -> Markup:
    """Return rates over time.

    Args:
        title: What a screen reader says of it.
        labels: Names of the points in time.
        series: Name and rates of each.
    """
    chart = pygal.Line(range=(0, 100), height=300, x_label_rotation=30 if len(labels) > 8 else 0, **_SETTINGS)  # noqa: PLR2004 - fit in a row
    chart.value_formatter = _percent
    chart.x_labels = [_short(label) for label in labels]
    every = max(1, len(labels) // 12)
    chart.x_labels_major = chart.x_labels[::every]
    chart.show_minor_x_labels = False
    for name, rates in series:
        chart.add(name, [None if rate is None else 100 * rate for rate in rates])
    return _drawn(chart, title, [name for name, _ in series])


def points(title: str, series: Sequence[tuple[str, Sequence[tuple[float, float]]]]) -> Markup:
    """Return rates against rates.

    Args:
        title: What a screen reader says of it.
        series: Name and points of each; the third is drawn as a dashed line.
    """
    chart = pygal.XY(range=(0, 100), xrange=(0, 100), height=340, **_SETTINGS)
    chart.value_formatter = chart.x_value_formatter = _percent
    for name, told in series:
        chart.add(name, [(100 * x, 100 * y) for x, y in told])
    return _drawn(chart, title, [name for name, _ in series])


def _value(rate: Any) -> Any:
    if not isinstance(rate, tuple):
        return None if rate is None else 100 * rate
    middle, low, high = rate
    return {"value": 100 * middle, "ci": {"low": 100 * low, "high": 100 * high}}


def _percent(value: Any) -> str:
    return "" if value is None else f"{value:.0f} %"


def _short(label: str) -> str:
    text = visible(label[: 2 * _LONGEST_LABEL])
    return text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1] + "…"


def _drawn(chart: Any, title: str, names: Sequence[str]) -> Markup:
    """Return a chart without what would need a script, a style of its own or another file; and its legend."""
    root = chart.render_tree()
    _clean(root)
    for name in ("id", "width", "height"):
        root.attrib.pop(name, None)
    orientation = "horizontal" if isinstance(chart, pygal.HorizontalBar) else "vertical"
    root.set("class", f"plot {orientation}")
    root.set("role", "img")
    root.set("aria-label", title)
    root.set("focusable", "false")
    drawn = Markup(etree.tostring(root, encoding="unicode"))  # noqa: S704 - written by a serialiser, which escapes
    entry = Markup('<span class="swatch color-{}" aria-hidden="true"></span>{} ')
    entries = [entry.format(number, name) for number, name in enumerate(names) if name]
    return drawn + Markup('<p class="legend">{}</p>').format(Markup("").join(entries)) if len(entries) > 1 else drawn


def _clean(node: Any) -> None:
    for child in list(node):
        if not isinstance(child.tag, str) or child.tag.rpartition("}")[2] in _UNWANTED or _is_tooltip(child):
            node.remove(child)
            continue
        for name in [name for name in child.attrib if name == "style" or name.startswith("on")]:
            del child.attrib[name]
        _clean(child)


def _is_tooltip(node: Any) -> bool:
    classes = node.attrib.get("class", "").split()
    return "tooltip" in classes or "tooltip-overlay" in classes or "text-overlay" in classes
