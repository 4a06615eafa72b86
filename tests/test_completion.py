"""Completion in real shells: what TAB offers, what it types, and that it never says anything else."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import runspan
from tests.reliability.tools import require
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

BIN: Final = Path(sys.executable).parent
NEWEST: Final = "run_20261124_090000_00000003"
MIDDLE: Final = "run_20261123_120000_00000002"
OLDEST: Final = "run_20260101_120000_00000001"
HOSTILE: Final = [
    "$(touch owned)",
    "`touch owned`",
    "two words",
    "a;touch owned",
    "*",
    "--help",
    "a,b",
    "x\ny",
    "\x1b[31m",
]
EMPTY: Final = {"id": "", "started_at": "2026-11-23T12:00:00Z", "status": "completed", "problems": []}

# What bash does when TAB is pressed: the function that `complete` has registered, with the words in its variables.
PRESS: Final = """
source "$SCRIPT"
function=$(complete -p runspan | sed 's/.*-F \\([^ ]*\\).*/\\1/')
compopt() { echo "compopt $1 $2"; }  # as bash calls it, it works while completing only
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
$function runspan
printf '%s\\n' "${COMPREPLY[@]}"
"""


def stored(folder: Path, *runs: tuple[str, str, str]) -> Path:
    """A storage with runs of these ids, goals and nodes."""
    storage = runspan.FileStorage(folder)
    for run_id, goal, node in runs:
        decision = {"id": "dec_0", "timestamp": EMPTY["started_at"], "node_id": node, "intent": "i", "options": []}
        metrics = {"nodes_executed": [node]}
        run = {**EMPTY, "id": run_id, "goal_id": goal, "decisions": [decision], "metrics": metrics}
        storage.save_run(runspan.Run.model_validate(run))
    return folder


@pytest.fixture(scope="session", autouse=True)
def script(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What `runspan completion bash` prints, for `PRESS`."""
    path = tmp_path_factory.mktemp("completion") / "script"
    path.write_bytes(subprocess.run([BIN / "runspan", "completion", "bash"], capture_output=True, check=True).stdout)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCRIPT", str(path))
        yield


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    """Three runs, and ids that would be commands to a shell."""
    runs = [(NEWEST, "refund", "resolve"), (MIDDLE, "triage", "triage"), (OLDEST, "refund-eu", "answer")]
    return stored(tmp_path / "runs", *runs, *((text, text, text) for text in HOSTILE))


def environment(**variables: str) -> dict[str, str]:
    """Where `runspan` is found, whatever environment the tests run in."""
    return {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **variables}


def pressed(*words: str, cwd: Path | None = None, **variables: str) -> list[str]:
    """What bash gets when TAB is pressed behind these words, the last of which is not whole yet."""
    array = "COMP_WORDS=(" + " ".join("'" + word.replace("'", "'\\''") + "'" for word in ("runspan", *words)) + ")"
    done = subprocess.run(
        ["bash", "--norc", "--noprofile", "-c", array + PRESS],
        cwd=cwd,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "" == done.stderr
    return [line for line in done.stdout.split("\n") if line]


RUNS: Final = ["latest", NEWEST, MIDDLE, OLDEST]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["show", ""], RUNS),
        (["show", "run_20261123"], [MIDDLE]),
        (["show", "la"], ["latest"]),
        (["diff", NEWEST, ""], RUNS),
        (["diff", "befo"], ["compopt -o default"]),
        (["replay", NEWEST, "run_2026010"], [OLDEST]),
        (["insights", "run_20261124"], [NEWEST]),
        (["list", "--before", "run_20261124"], [NEWEST]),
        (["list", "--goal", ""], ["refund", "refund-eu", "triage"]),
        (["list", "--goal", "=", "tri"], ["triage"]),  # bash takes `--goal=tri` apart
        (["list", "--goal=tri"], ["--goal=triage"]),  # unless it was told not to
        (["insights", "--node", "an"], ["answer"]),
        (["list", "--status", "c"], ["completed", "cancelled"]),
        (["show", "--pro"], ["--problems"]),
        (["insi"], ["insights"]),
        (["completion", ""], ["bash", "zsh", "fish"]),
        (["list", "-s", ""], ["compopt -o dirnames"]),
        (["import", ""], ["compopt -o default"]),
        (["show", "run_9"], []),
    ],
    ids=" ".join,
)
def test_bash_is_offered_what_fits(storage: Path, words: list[str], offered: list[str]) -> None:
    """The newest runs first; and nothing that would be more than one plain word."""
    assert offered == pressed(*words, RUNSPAN_STORAGE=str(storage))


@pytest.mark.parametrize("named", ["{storage}", "~/runs", "$HOME/runs"])
def test_storage_on_the_line_counts(storage: Path, named: str) -> None:
    """As it was typed: no shell has replaced anything in it yet."""
    words = ["-s", named.format(storage=storage)]

    assert RUNS == pressed("show", *words, "", HOME=str(storage.parent))
    assert ["triage"] == pressed("list", *words, "--goal", "t", HOME=str(storage.parent))


def test_storage_of_the_folder_is_the_usual_one(tmp_path: Path) -> None:
    """As for every command."""
    stored(tmp_path / ".runspan", (NEWEST, "g", "n"))

    assert ["latest", NEWEST] == pressed("show", "", cwd=tmp_path)


@pytest.mark.parametrize(
    ("words", "variables"),
    [
        ("show ", {"RUNSPAN_STORAGE": "missing"}),
        ("list --goal ", {"RUNSPAN_STORAGE": "file"}),
        ("show ", {"RUNSPAN_STORAGE": "other"}),
        ("show ", {"RUNSPAN_STORAGE": "loop"}),
        ("show ", {"RUNSPAN_JAEGER_URL": "jaeger"}),
        ("show -s ~nobody-of-that-name/x run_", {}),
        ("shwo run_", {}),
        ("list --since never run_", {}),
    ],
    ids=str,
)
def test_what_is_wrong_is_not_told(words: str, variables: dict[str, str], tmp_path: Path) -> None:
    """No storage, a setting with a bad value, a mistyped word: nothing is offered, and the program says nothing."""
    (tmp_path / "file").touch()
    (tmp_path / "other").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    variables = {"_RUNSPAN_COMPLETE": "fish_complete", "COMP_CWORD": words.rpartition(" ")[2], **variables}
    env = environment(COMP_WORDS=f"runspan {words}", **variables)
    done = subprocess.run([BIN / "runspan"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    assert (0, "", "") == (done.returncode, done.stdout.strip(), done.stderr)
    assert not (tmp_path / "missing").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_storage_that_may_not_be_read_offers_nothing(storage: Path) -> None:
    """And is not told of."""
    (storage / "runs").chmod(0)
    try:
        assert [] == pressed("show", "", RUNSPAN_STORAGE=str(storage))
    finally:
        (storage / "runs").chmod(0o755)


def test_installation_that_broke_is_not_told(tmp_path: Path) -> None:
    """Whatever it says on stderr, who is typing does not see it."""
    program = tmp_path / "runspan"
    program.write_text("#!/bin/sh\necho 'Traceback (most recent call last):' >&2; exit 1\n")
    program.chmod(0o755)

    assert [] == pressed("show", "", PATH=f"{tmp_path}{os.pathsep}{environment()['PATH']}")


def test_offer_is_bounded_and_hides_no_beginning(tmp_path: Path) -> None:
    """Of many runs the newest, and the oldest: a shell types what all have in common, and that must fit them all."""
    stored(tmp_path, (OLDEST, "g", "n"))
    for number in range(3_000):
        (tmp_path / "runs" / f"run_20261127_{number:06}_00000000.json").touch()
    offered = pressed("show", "run_", RUNSPAN_STORAGE=str(tmp_path))

    assert 51 == len(offered)
    assert "run_20261127_002999_00000000" == offered[0]
    assert OLDEST == offered[-1]


def test_completing_loads_nothing_heavy_and_writes_nothing(storage: Path) -> None:
    """Neither pydantic nor any of OpenTelemetry nor rich: it happens at every TAB."""
    before = sorted(storage.rglob("*"))
    code = (
        "import atexit, sys\nfrom runspan.cli import main\n"
        "heavy = ('pydantic', 'rich', 'opentelemetry', 're2')\n"
        "atexit.register(lambda: print([name for name in sys.modules if name.startswith(heavy)], file=sys.stderr))\n"
        "main(prog_name='runspan')\n"
    )
    env = environment(RUNSPAN_STORAGE=str(storage), _RUNSPAN_COMPLETE="bash_complete", COMP_CWORD="2")
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, env=env | {"COMP_WORDS": "runspan\nshow\nrun_"}, capture_output=True, text=True, check=False
    )

    assert [f"plain,{run_id}" for run_id in RUNS[1:]] == done.stdout.splitlines()
    assert "[]\n" == done.stderr
    assert before == sorted(storage.rglob("*"))


class Screen:
    """A shell on a terminal of its own, and somebody who types."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Type what the process reads, look at what it writes."""
        self._process: Final = process
        self._shown = ""

    def type(self, text: str) -> None:
        """Press keys."""
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode())
        self._process.stdin.flush()

    def wait_for(self, text: str) -> None:
        """Wait until the screen has shown a text, and forget what it showed before it."""
        eventually(lambda: self._shows(text), 30.0)

    def _shows(self, text: str) -> bool:
        assert self._process.stdout is not None
        while select.select([self._process.stdout], [], [], 0)[0]:
            painted = os.read(self._process.stdout.fileno(), 65_536)
            if not painted:
                break
            self._shown += painted.decode(errors="replace")
        plain = ESCAPES.sub("", self._shown)
        assert text in plain, plain[-2_000:]
        self._shown = ""
        return True


# zsh and fish paint what is typed: colours, titles and movements stand between the letters.
ESCAPES: Final = re.compile(r"\x1b(\[[0-9;?>=]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[()][A-Z0-9]|.)")


@contextmanager
def shell(command: list[str], folder: Path, **variables: str) -> Iterator[Screen]:
    """A shell that nobody has configured, on a terminal."""
    env = environment(TERM="xterm", HOME=str(folder), XDG_CONFIG_HOME=str(folder), **variables)
    on_a_terminal = [sys.executable, "-c", "import pty, sys; pty.spawn(sys.argv[1:])", *command]
    with subprocess.Popen(
        on_a_terminal, cwd=folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            yield Screen(process)
        finally:
            process.kill()  # its terminal goes with it, and the shell with that


SHELLS: Final[dict[str, tuple[list[str], str]]] = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(runspan completion bash)"'),
    "zsh": (["zsh", "-f", "-i"], 'autoload -U compinit; compinit -D -u; eval "$(runspan completion zsh)"'),
    "fish": (["fish", "--no-config", "-i"], "runspan completion fish | source"),
}


@pytest.mark.parametrize("name", SHELLS)
def test_tab_types_the_rest(name: str, storage: Path, tmp_path: Path) -> None:
    """On a terminal, in a shell that did what `runspan completion --help` says; the command then runs as it stands."""
    require(name)
    command, install = SHELLS[name]
    with shell(command, tmp_path, RUNSPAN_STORAGE=str(storage)) as screen:
        screen.type(f"{install}; echo read''y\r")
        screen.wait_for("ready\r\n")
        screen.type("runspan list --goal=tri\t")
        screen.wait_for("--goal=triage")
        screen.type("--json\r")
        screen.wait_for(f'"run_id": "{MIDDLE}"')
        screen.type("runspan show run_20261123\t")
        screen.wait_for(MIDDLE)
        screen.type(" --json\r")
        screen.wait_for('"decisions"')

    assert not list(tmp_path.rglob("owned"))


def test_fish_lists_the_newest_first(storage: Path, tmp_path: Path) -> None:
    """As bash does; fish's own order would be the alphabet's."""
    require("fish")
    code = 'runspan completion fish | source; complete -C "runspan show "'
    env = environment(RUNSPAN_STORAGE=str(storage), HOME=str(tmp_path))
    done = subprocess.run(["fish", "--no-config", "-c", code], env=env, capture_output=True, text=True, check=False)

    assert (RUNS, "") == (done.stdout.split(), done.stderr)


def test_script_is_click_s_with_stderr_closed() -> None:
    """Each script asks `runspan` once, and throws away what it may say beside its answer."""
    for name in SHELLS:
        done = subprocess.run([BIN / "runspan", "completion", name], capture_output=True, text=True, check=True)
        assert 1 == done.stdout.count(f"_RUNSPAN_COMPLETE={name}_complete")
        assert 1 == done.stdout.count("2>/dev/null")
