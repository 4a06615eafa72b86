"""`python -m benchmarks [--quick] [--full]`: measure all, print it, write docs/performance.md and its picture."""

from __future__ import annotations

import os
import platform
import sys
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pygal
from pygal.style import CleanStyle

from benchmarks import alternatives, cost, delivery, ending, instructions, interchange, looking, pieces, processes

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.figures import Figure

_DOCS: Final = Path(__file__).parents[1] / "docs"
_BEGIN: Final = "<!-- measured -->"
_END: Final = "<!-- end of what was measured -->"
_PACKAGES: Final = ("opentelemetry-sdk", "pydantic", "orjson", "google-re2")


def main(*words: str) -> None:
    """Measure; with `--quick` nothing is written."""
    quick, full = "--quick" in words, "--full" in words
    figures: list[Callable[..., Figure]] = [
        cost.figure,
        cost.growth,
        alternatives.figure,
        partial(ending.figure, full=full),
        delivery.figure,
        processes.imports,
        processes.exits,
        processes.memory,
        interchange.figure,
        looking.figure,
        pieces.figure,
        instructions.figure,
    ]
    made = []
    for measure in figures:
        made.append(measure(quick=quick))
        made[-1].show()
    if not quick:
        _write(made)


def _write(figures: list[Figure]) -> None:
    page = _DOCS / "performance.md"
    text = page.read_text(encoding="utf-8")
    before, after = text[: text.index(_BEGIN)], text[text.index(_END) :]
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    machine = f"Measured on {platform.machine()} with {os.cpu_count()} processors, {platform.system()}"
    head = f"{machine}, CPython {platform.python_version()}, {packages}."
    body = "\n".join(each.markdown() for each in figures)
    page.write_text(f"{before}{_BEGIN}\n\n{head}\n\n{body}\n{after}", encoding="utf-8")
    _draw(figures[0])


def _draw(figure: Figure) -> None:
    chart = pygal.HorizontalBar(
        style=CleanStyle, show_legend=False, print_values=True, title=f"{figure.title} (x bare SDK)", height=320
    )
    chart.x_labels = [row[0] for row in reversed(figure.rows)]
    chart.add("", [float(row[3]) for row in reversed(figure.rows)])
    chart.render_to_file(str(_DOCS / "performance.svg"), disable_xml_declaration=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
