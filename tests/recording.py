"""A recording of a terminal for the documents: `python -m tests.recording` writes docs/images/terminal.svg.

Real commands in a real pseudo-terminal, while agents record in processes of their own; all but the numbers of those
processes is the same each time. Knows nothing of how commands make their output.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

from runspan.testing import CapturedRuns, StepClock
from runspan.values import dumps
from tests.many_runs import made_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from runspan.runtime import Runtime

__all__ = ["FILE", "Frame", "act", "picture", "record"]

FILE: Final = Path(__file__).parents[1] / "docs" / "images" / "terminal.svg"

_COLUMNS: Final = 114
_ROWS: Final = 31
_ENOUGH_ROWS: Final = 200
_DEADLINE_S: Final = 30.0
_RUNS: Final = 1_200
_AFTER_THEM: Final = 1_797_170_400_000_000_000
"""2026-12-13T14:00:00Z in nanoseconds."""
_MS: Final = 1_000_000
_JAEGER: Final = "http://localhost:16686"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What is to be seen for a while."""

    lines: Sequence[Text]
    """At most as many as the picture has."""
    seconds: float


def record(folder: Path) -> list[Frame]:
    """Return what somebody sees who looks at runs.

    Args:
        folder: An empty folder; runs go there.
    """
    _plant(folder / ".runspan")
    frames = [*_shown(folder, "runspan list --limit 20", 4)]
    frames += _watched(folder, "runspan watch")
    frames += _shown(folder, "runspan show latest", 5.5)
    frames += _shown(folder, "runspan insights", 5.5)
    return frames


def picture(frames: Sequence[Frame]) -> str:
    """Return the frames as one SVG that plays them in turn, without script and without any other file."""
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), legacy_windows=False)
    for frame in frames:
        for line in [*frame.lines, *[Text()] * (_ROWS - len(frame.lines))]:
            console.print(line, no_wrap=True, crop=True, highlight=False, markup=False, emoji=False)
    drawn = console.export_svg(title="", code_format=_SVG.replace("$KEYS", _keys(frames)), unique_id="t")
    drawn = re.sub(r' clip-path="url\(#t-line-\d+\)"|<text [^>]*>\n</text>', "", drawn)  # ends of lines are none to see
    return drawn.replace("&#160;", "\N{NO-BREAK SPACE}").replace("</text>", "</text>\n")


# What Rich draws is one high strip; it is moved behind a window of the size of one frame, in steps.

_LINE: Final = 24.4
_WIDTH: Final = round(_COLUMNS * 12.2) + 18
_HEIGHT: Final = round(_ROWS * _LINE) + 50
_SVG: Final = f"""\
<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title">
<title id="title">runspan list, watch, show and insights in a terminal</title>
<style>
.t-matrix {{{{ font: 20px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace }}}}
{{styles}}
$KEYS
</style>
<rect x="1" y="1" width="{_WIDTH - 2}" height="{_HEIGHT - 2}" rx="8" fill="#292929" stroke="#8888"/>
<g fill="#777"><circle cx="26" cy="22" r="6"/><circle cx="46" cy="22" r="6"/><circle cx="66" cy="22" r="6"/></g>
<svg x="9" y="40" width="{_WIDTH - 18}" height="{_ROWS * _LINE:g}">
<g class="strip">
{{backgrounds}}
<g class="t-matrix">
{{matrix}}
</g>
</g>
</svg>
</svg>
"""


def _keys(frames: Sequence[Frame]) -> str:
    """Return the style that shows each frame as long as it lasts; who wants no motion sees the longest one."""
    whole = sum(frame.seconds for frame in frames)
    steps, begins = [], 0.0
    for number, frame in enumerate(frames):
        steps.append(f"{100 * begins / whole:.3f}% {{{{ transform: translateY({-number * _ROWS * _LINE:.1f}px) }}}}")
        begins += frame.seconds
    still = max(range(len(frames)), key=lambda number: (frames[number].seconds, -number))
    return (
        f"@keyframes play {{{{ {' '.join(steps)} }}}}\n"
        f".strip {{{{ transform: translateY({-still * _ROWS * _LINE:.1f}px) }}}}\n"
        "@media (prefers-reduced-motion: no-preference) "
        f"{{{{ .strip {{{{ animation: play {whole:.2f}s step-end infinite }}}} }}}}"
    )


# What is recorded.


def _shown(folder: Path, command: str, seconds: float, most: int = 2) -> Iterator[Frame]:
    """Give a command as it is typed, then its output, page by page."""
    yield from _typed(command)
    with _Terminal(folder, command) as terminal:
        terminal.finish()
    lines = [_prompt(command), *terminal.lines]
    for page in range(min(most, -(-len(lines) // _ROWS))):
        first = min(page * (_ROWS - 2), max(0, len(lines) - _ROWS))
        yield Frame(lines=lines[first : first + _ROWS], seconds=seconds)


def _watched(folder: Path, command: str) -> Iterator[Frame]:
    """Give a command that goes on, while two agents do one thing after the other."""
    with _Agent(folder, "onboard") as newcomer, _Agent(folder, "refund") as agent:
        newcomer.step()
        yield from _typed(command)
        with _Terminal(folder, f"{command} --every 0.05") as terminal:
            terminal.wait_for(lambda text: "Read the contract" in text)
            yield Frame(lines=[_prompt(command), *terminal.lines], seconds=1.5)
            for who, seen in (
                (agent, r"refund .* 0 +0 +0"),
                (agent, r"refund .* 1 +0 +0 +Choose a remedy"),
                (agent, r"refund .* 2 +0 +0 +Find the payment"),
                (newcomer, r"onboard .* 2 +0 +0 +Set up the account"),
                (agent, r"refund .* 2 +1 +1 +Choose a remedy"),
                (agent, r"refund .* 3 +1 +1 +Find the payment"),
                (agent, r"refund .* 4 +1 +1 +Tell the customer"),
                (agent, r"\A(?!.* refund )"),
            ):
                who.step()
                terminal.wait_for(lambda text, seen=seen: re.search(seen, text, re.DOTALL) is not None)  # type: ignore[misc]
                yield Frame(lines=[_prompt(command), *terminal.lines], seconds=1.5)


def _typed(command: str) -> Iterator[Frame]:
    for shown in range(0, len(command), 2):
        yield Frame(lines=[_prompt(command[:shown])], seconds=0.08)
    yield Frame(lines=[_prompt(command)], seconds=0.5)


def _prompt(command: str) -> Text:
    return Text.assemble(("$ ", "green"), (command, "bold"))


class _Terminal:
    """A command in a pseudo-terminal, and the screen it draws."""

    def __init__(self, folder: Path, command: str) -> None:
        self._screen = _Screen(_COLUMNS, _ENOUGH_ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _ENOUGH_ROWS, _COLUMNS, 0, 0))
        program = [sys.executable, "-m", *command.split()]
        environment = _environment() | {"TERM": "xterm", "RUNSPAN_JAEGER_URL": _JAEGER}
        self._process = subprocess.Popen(
            program, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._ours)

    @property
    def lines(self) -> list[Text]:
        """What is on the screen, without the empty lines at its end."""
        rows = [_styled(self._screen, row) for row in range(_ENOUGH_ROWS)]
        while rows and not rows[-1].plain:
            rows.pop()
        return rows

    def wait_for(self, is_there: Callable[[str], bool]) -> None:
        """Wait until the screen says something."""
        end = time.monotonic() + _DEADLINE_S
        while not is_there("\n".join(self._screen.display)):
            if time.monotonic() > end:
                msg = "\n".join(line.plain for line in self.lines)
                raise TimeoutError(msg)
            self._read(0.1)

    def finish(self) -> None:
        """Wait for the end."""
        while self._read(_DEADLINE_S):
            pass
        if self._process.wait(_DEADLINE_S):
            msg = "\n".join(line.plain for line in self.lines)
            raise RuntimeError(msg)

    def _read(self, patience_s: float) -> bool:
        """Draw what has come; whether more may come."""
        if not select.select([self._ours], [], [], patience_s)[0]:
            return True
        try:
            data = os.read(self._ours, 65_536)
        except OSError:  # nobody has the other end any more
            return False
        self._stream.feed(data)
        return bool(data)


class _Screen(pyte.Screen):
    """A screen that knows faint text, as bright black."""

    def select_graphic_rendition(self, *attrs: int, **more: Any) -> None:
        """Set how the next characters look."""
        super().select_graphic_rendition(*(90 if number == 2 else number for number in attrs), **more)


def _styled(screen: pyte.Screen, row: int) -> Text:
    text = Text()
    for column in range(_COLUMNS):
        char = screen.buffer[row][column]
        name = {"brown": "yellow", "brightblack": "#8d8d8d", "default": None}.get(char.fg, char.fg)
        text.append(char.data, Style(color=name, bold=char.bold or None, underline=char.underscore or None))
    text.rstrip()
    return text


class _Agent:
    """An agent in a process of its own, which takes one step each time it is told to."""

    def __init__(self, folder: Path, goal: str) -> None:
        program = f"from tests.recording import act; act({str(folder / '.runspan')!r}, {goal!r})"
        environment = _environment() | {"PYTHONPATH": str(Path(__file__).parents[1])}
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [sys.executable, "-c", program], env=environment, stdin=pipe, stdout=pipe, text=True, bufsize=1
        )

    def step(self) -> None:
        """Have it take a step, and wait until it has."""
        if self._process.stdin is None or self._process.stdout is None:
            msg = "it was started with pipes"
            raise RuntimeError(msg)
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        if not self._process.stdout.readline():
            msg = "the agent has died"
            raise RuntimeError(msg)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


def _environment() -> dict[str, str]:
    """Return the environment without what changes output."""
    left_out = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "COLORTERM", "RUNSPAN", "OTEL")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}


# The story: runs of many weeks, and two more that go on just now.

_REMEDIES: Final[list[dict[str, Any]]] = [
    {"id": "refund", "description": "Give the money back at once", "pros": ["settles it"], "confidence": 0.82},
    {"id": "replace", "description": "Send another one", "cons": ["takes five days"], "confidence": 0.5},
    {"id": "escalate", "description": "Ask a person", "cons": ["the customer waits"], "confidence": 0.35},
]
_PLACES: Final[list[dict[str, Any]]] = [
    {"id": "ledger", "description": "Look in the ledger", "pros": ["complete"], "confidence": 0.9},
    {"id": "cache", "description": "Look in the cache", "cons": ["may be old"], "confidence": 0.6},
]


def act(storage: str, goal: str) -> None:
    """Be an agent: take a step for each line of standard input, and say so.

    Args:
        storage: Where its run goes.
        goal: `refund` or `onboard`.
    """
    start = _AFTER_THEM + (7_000_000_000 if goal == "refund" else 0)
    clock = StepClock(start, 2 * _MS)
    captured = CapturedRuns(storage, clock=clock)
    steps = (_refund if goal == "refund" else _onboard)(captured.runtime, clock)
    for _ in sys.stdin:
        next(steps, None)
        print("done", flush=True)


def _refund(runtime: Runtime, clock: StepClock) -> Iterator[None]:
    runtime.start_run("refund", "Order 8812 arrived broken", {"order": 8812})
    yield
    with runtime.decision(
        "Choose a remedy", _REMEDIES, "refund", "The amount is below the limit of 150.", node_id="remedy"
    ) as remedy:
        yield
        for place, seconds, error in (("ledger", 1.9, "HTTP 503: the night job is running"), ("cache", 0.3, None)):
            why = "The first place to ask." if error else "The ledger is down."
            looked = runtime.decide("Find the payment", _PLACES, place, why, node_id="payments")
            yield
            clock.advance(int(1_000 * seconds) * _MS)
            result = None if error else {"payment": "P-7731"}
            latency_ms = int(1_000 * seconds)
            runtime.record_outcome(looked, error is None, result, error, tokens_used=412, latency_ms=latency_ms)
            if error:
                runtime.report_problem("warning", "The ledger does not answer at night", looked)
                yield
        remedy.outcome(summary="Refunded 129.90", tokens_used=1_310, latency_ms=2_840)
    told = runtime.quick_decision("Tell the customer", "Send a mail", "They wrote a mail.", "mail")
    yield
    clock.advance(600 * _MS)
    runtime.record_outcome(told, success=True, summary="Mail accepted", latency_ms=600)
    runtime.end_run(success=True, narrative="Refunded 129.90 and told the customer.")
    yield


def _onboard(runtime: Runtime, clock: StepClock) -> Iterator[None]:
    runtime.start_run("onboard", "A new customer")
    runtime.set_node("papers")
    read = runtime.quick_decision("Read the contract", "Read it whole", "It is short.")
    yield
    clock.advance(900 * _MS)
    runtime.record_outcome(read, success=True, summary="signed", latency_ms=900)
    runtime.quick_decision("Set up the account", "By the template", "They are a shop.")
    yield


def _plant(storage: Path) -> None:
    folder = storage / "runs"
    folder.mkdir(parents=True)
    for run in made_runs(_RUNS):
        (folder / f"{run['id']}.json").write_bytes(dumps(run, indent=True))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        FILE.write_text(picture(record(Path(made))), encoding="utf-8")
    print(f"written to {FILE}", file=sys.stderr)
