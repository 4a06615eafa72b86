"""The first day: README's commands, one after another, where nothing but the wheel is installed, up to a real Jaeger.

What README shows below a command is what the command prints, but for what differs each time: `normalised` says what
that is. A command with a comment behind it shows nothing, and only has to succeed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.backends import spans_in

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.backends import Collector, Jaeger
    from tests.conftest import Golden

ROOT: Final = Path(__file__).parents[1]
README: Final = ROOT / "README.md"
BLOCK: Final = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)
AGENT: Final = re.compile(r"As `agent.py`:\n\n```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
WIDTH: Final = "120"

NORMALISED: Final = (
    (r"run_\d{8}_\d{6}_[0-9a-f]{8}", "<run>"),
    (r"\b[0-9a-f]{32}\b", "<trace>"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "<time>"),
    (r" *\+?\b\d[\d.]* m?s\b", " <duration>"),  # with the blanks that a table puts before it
)


def normalised(text: str) -> str:
    """A command's output without what differs each time: run ids, trace ids, times of day, durations."""
    for pattern, name in NORMALISED:
        text = re.sub(pattern, name, text)
    return text


class Place:
    """A folder, and beside it an environment of its own in which the wheel is installed as users install it."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        """Make both; nothing is installed yet."""
        self.folder: Final = folder / "work"
        self.folder.mkdir()
        self._wheel: Final = wheel
        self._environment: Final = folder / "environment"
        self._uv("venv", "--python", sys.executable, self._environment)
        path = f"{self._environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
        others = {"FORCE_COLOR", "LINES", "NO_COLOR", "PYTHONPATH", "TERM"}  # whoever runs the tests
        variables = {name: value for name, value in os.environ.items() if name not in others}
        self.variables: Final = variables | {"PATH": path, "COLUMNS": WIDTH}

    def install(self, extras: str = "") -> None:
        """Install the wheel and what it needs, in the versions of `constraints.txt`; of uv's cache if all is there."""
        words = ("--python", self._environment, "--constraints", ROOT / "constraints.txt", f"{self._wheel}{extras}")
        if self._uv("pip", "install", "--offline", *words, check=False).returncode != 0:
            self._uv("pip", "install", *words)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as typed into a shell."""
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=60,
        )

    @staticmethod
    def _uv(*words: object, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        command = [str(Path(sys.executable).with_name("uv")), "--quiet", *map(str, words)]
        return subprocess.run(command, check=check, capture_output=True, timeout=300)


class Reader:
    """Does what README says, in its order. What it cannot do as it stands, it does in another way: see `_ways`."""

    def __init__(self, place: Place, jaeger: Jaeger, collector: Collector) -> None:
        """Sit down in `place`; the two servers stand where README's stand."""
        self._place = place
        self._jaeger = jaeger
        self._collector = collector
        self._ways: tuple[tuple[str, Callable[[str], None]], ...] = (
            (r"make (demo|jaeger)$", lambda _: None),  # for who has the clone; tests/test_demo.py and tests/backends
            (r"docker run ", lambda _: None),  # our Jaeger runs already
            (r"pip install ", self._install),
            (r"export ", self._export),
            (r"runspan import traces", self._import),
            (r"runspan diff ", self._diff),
        )
        place.variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.http_endpoint

    def output_of(self, command: str) -> str:
        """Do what a line says; return what it printed."""
        for beginning, way in self._ways:
            if re.match(beginning, command):
                way(command)
                return ""
        if command == "runspan watch":
            command += " --once"  # else it watches until Ctrl-C
        return self._printed_by(command)

    def _printed_by(self, command: str) -> str:
        done = self._place.run(command.replace("http://localhost:16686", self._jaeger.url))
        notes = "no run is in progress\n" if "watch" in command else ""
        assert (0, notes) == (done.returncode, done.stderr), command
        return done.stdout.replace(self._jaeger.url, "http://localhost:16686")

    def _install(self, command: str) -> None:
        name, extras = re.fullmatch(r"pip install '?(\w+)(\[\w+\])?'?", command).groups("")  # type: ignore[union-attr]
        assert "runspan" == name
        self._place.install(extras)

    def _export(self, command: str) -> None:
        pairs = dict(pair.split("=") for pair in command.split()[1:])
        assert {"RUNSPAN_STORAGE": "./storage", "RUNSPAN_JAEGER_URL": "http://localhost:16686"} == pairs
        self._place.variables.update(pairs | {"RUNSPAN_JAEGER_URL": self._jaeger.url})

    def _import(self, command: str) -> None:
        """From the Collector's file, which others write to as well: what belongs to this run."""
        [self._run] = self._place.folder.glob("storage/runs/*.json")
        trace_id = json.loads(self._run.read_bytes())["trace_id"]
        trace = self._collector.wait_for(trace_id, spans=3)
        self._jaeger.client.wait_for(trace_id, spans=3)
        (self._place.folder / "traces.jsonl").write_text(json.dumps(trace), encoding="utf-8")
        self._printed_by(command)

    def _diff(self, command: str) -> None:
        """Of the agent's run; from Jaeger come also those of others whose service has that name."""
        for name in ("before.json", "after.json"):
            shutil.copy(self._run, self._place.folder / name)
        assert "same" in self._printed_by(command)


def followed(block: str, reader: Reader) -> str:
    """Do what a console block says; return the block with the outputs there were, where they say something else."""
    lines: list[str] = []
    for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        typed, _, shown = step.partition("\n")
        command, _, comment = typed.partition("  #")
        printed = reader.output_of(command.strip())
        is_as_shown = bool(comment) or normalised(shown) == normalised(printed)
        lines.append(f"$ {typed}\n{shown if is_as_shown else printed}")
    return "".join(lines)


def test_readme_leads_to_a_run_in_jaeger(
    wheel: Path, jaeger: Jaeger, collector: Collector, golden: Golden, tmp_path: Path
) -> None:
    """Each command does what README shows, and the link it ends with is that of the run's trace."""
    text = README.read_text(encoding="utf-8")
    place = Place(tmp_path, wheel)
    (place.folder / "agent.py").write_text(AGENT.findall(text)[0], encoding="utf-8")
    reader = Reader(place, jaeger, collector)
    golden("README.md", BLOCK.sub(lambda block: followed(block[0], reader), text))
    [trace_id] = re.findall(r"^Jaeger: \S+/trace/(\w{32})$", place.run("runspan show latest").stdout, re.MULTILINE)
    names = {span["name"] for span in spans_in(jaeger.client.wait_for(trace_id, spans=3))}

    assert {"run refund", "decide remedy", "decide answer"} == names
    assert [place.folder / "run.html"] == list(place.folder.glob("*.html"))


def files_of(place: Place) -> list[Path]:
    """Return all there is, without the note that a storage was looked at."""
    return sorted(path for path in place.folder.rglob("*") if path.name != "seen")


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The wheel without any extra, and a storage with a run."""
    place = Place(tmp_path_factory.mktemp("bare"), wheel)
    place.install()
    agent = AGENT.findall(README.read_text(encoding="utf-8"))[0].replace('configure("refunds")', "")
    (place.folder / "agent.py").write_text(agent, encoding="utf-8")
    assert 0 == place.run("python agent.py").returncode
    (place.folder / "traces.jsonl.zst").write_bytes(zstd.compress(b"{}\n"))
    return place


@pytest.mark.parametrize(
    ("command", "refused"),
    [
        ("runspan show latest -s storage --html run.html", ("writing pages", "jinja2", "pages")),
        ("runspan insights -s storage --html runs.html", ("writing pages", "jinja2", "pages")),
        ("runspan import traces.jsonl.zst -s storage", ("reading zstd", "backports.zstd", "zstd")),
    ],
)
def test_missing_extra_is_told_with_what_to_install(bare: Place, command: str, refused: tuple[str, str, str]) -> None:
    """In one line on stderr, exit code 2, and nothing is written."""
    what, package, extra = refused
    if extra == "zstd" and sys.version_info >= (3, 14):
        pytest.skip("this Python reads zstd by itself")
    before = files_of(bare)
    done = bare.run(command)

    told = f"{what} needs {package}, which is not installed. Install it with: pip install 'runspan[{extra}]'"
    assert (2, "", f"Error: {told}\n") == (done.returncode, done.stdout, done.stderr)
    assert before == files_of(bare)


def test_demo_does_without_its_extra(bare: Place) -> None:
    """It runs all the same, and says in one line what would show more."""
    done = bare.run("runspan demo --storage demo")
    notes = [line for line in done.stderr.splitlines() if "pip install 'runspan[demo]'" in line]

    assert 0 == done.returncode, done.stderr
    assert 1 == len(notes)
    assert 5 == len(list((bare.folder / "demo" / "runs").glob("*.json")))


def test_bare_wheel_brings_no_extra(bare: Place) -> None:
    """What the tests above show is not owed to a package that came along."""
    code = (
        "import importlib.util as u; print([n for n in ('jinja2', 'pygal', 'backports', 'pytest') if u.find_spec(n)])"
    )

    assert "[]\n" == bare.run(f'python -c "{code}"').stdout
