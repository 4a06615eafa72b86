"""Runtime: what an agent makes once and calls all along. Finds the run a call belongs to.

Knows neither record nor spans. Uses the OpenTelemetry API alone and sets nothing global.
"""

from __future__ import annotations

import atexit
import logging
import os
import secrets
import threading
import weakref
from typing import TYPE_CHECKING, Any, Final, Literal

from opentelemetry import trace

from runspan import semconv
from runspan._version import __version__
from runspan.errors import ConfigError
from runspan.health import PROCESS, Health, contained
from runspan.journal import JournalFolder
from runspan.native import RunStatus, format_timestamp
from runspan.record import Encoder, plain_text
from runspan.recovery import rebuild_soon
from runspan.redaction import Redactor
from runspan.runtime._block import RunBlock
from runspan.runtime._calls import RecordingCalls
from runspan.runtime._clock import SYSTEM_CLOCK
from runspan.runtime._context import current_scope, task_identity
from runspan.runtime._metrics import report_metrics
from runspan.runtime._run import OpenRun
from runspan.settings import read_settings
from runspan.storage import FileStorage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runspan.models import Run
    from runspan.record import FinishedRun
    from runspan.runtime._clock import Clock
    from runspan.settings import Settings

__all__ = ["Runtime", "abandon_open_runs"]

_logger = logging.getLogger("runspan.runtime")

_UNKNOWN_NODE: Final = "unknown"


def _random_digits() -> str:
    # One system call a run; never one a decision: it hands the GIL over and starves the exporter's thread.
    return secrets.token_hex(4)


class Runtime(RecordingCalls):
    """Records what an agent decides: native run files in a storage, and spans in the application's own tracing.

    One Runtime serves any number of runs at once: the run in progress travels in the OpenTelemetry context, so each
    task, and each thread that context is carried to, has its own. Safe to use from any thread.
    """

    def __init__(
        self,
        storage_path: str | os.PathLike[str] | None = None,
        *,
        tracer_provider: trace.TracerProvider | None = None,
        agent_name: str | None = None,
        parent: Literal["root", "current"] | None = None,
        session_id: str | None = None,
        span_names: Literal["node", "choice"] | None = None,
        redact: Redactor | Callable[[Any, str], Any] | bool | None = None,
        capture_content: bool | None = None,
        clock: Clock = SYSTEM_CLOCK,
        run_digits: Callable[[], str] = _random_digits,
    ) -> None:
        """Open the storage and get a tracer; nothing is recorded yet.

        Args:
            storage_path: Folder for the run files; else `RUNSPAN_STORAGE`; with neither, spans only.
            tracer_provider: Where spans go; else the global provider, also one that is set later.
            agent_name: Name of the agent, on every run and run span.
            parent: `root`: each run is a trace of its own, linked to the current span. `current`: a child of it.
            session_id: Conversation the runs belong to, unless `start_run` is given another.
            span_names: `node`: decisions are called `decide {node}`. `choice`: and the option chosen.
            redact: False: record secrets as they are. A Redactor: use its rules instead of the built-in ones. A
                function: ask it too about each field, `redact(value, field)`; it returns what is to be recorded.
            capture_content: False: record ids, names and shapes, and no values.
            clock: Where time comes from, for tests.
            run_digits: Gives the eight hex digits a run id ends with, for tests.

        Raises:
            ConfigError: An argument or a `RUNSPAN_*` variable cannot be used, or the storage is no folder.
        """
        path = os.fspath(storage_path) if storage_path is not None else None
        self.settings = read_settings(
            storage=path,
            parent=parent,
            span_names=span_names,
            redact=redact if redact is False else None,
            capture_content=capture_content,
        )
        self.storage = FileStorage(self.settings.storage) if self.settings.storage else None
        self.journals = JournalFolder.shared(self.storage.base_path) if self.storage is not None else None
        self.agent_name = agent_name if agent_name is None else plain_text(agent_name)
        self.session_id = session_id
        self.clock = clock
        self.losses = Health(PROCESS)
        self.encoder = _encoder(redact, self.settings, self.losses)
        self.node_id: Any = _UNKNOWN_NODE
        self.tracer = _tracer(tracer_provider)
        self._run_digits = run_digits
        self._lock = threading.Lock()  # guards _open, _own and _had_two
        self._open: dict[str, OpenRun] = {}
        self._own: weakref.WeakKeyDictionary[Any, OpenRun] = weakref.WeakKeyDictionary()
        self._had_two = False
        _ALIVE.add(self)
        report_metrics()
        if self.storage is not None:
            rebuild_soon(self.storage, self.losses)

    def __repr__(self) -> str:
        """Show where it writes and how many runs are open."""
        where = self.storage.base_path if self.storage is not None else "spans only"
        return f"<Runtime {where}, {len(self._open)} open runs>"

    # Runs.

    def start_run(
        self,
        goal_id: str,
        goal_description: str = "",
        input_data: Mapping[str, Any] | None = None,
        *,
        session_id: str | None = None,
    ) -> str:
        """Start a run; it is the current one until `end_run`.

        A run that `start_run` began in this same task (outside asyncio: thread) and that is still open ends as
        cancelled and is saved. Any other run stays open; the new one links to what is current in it.

        Args:
            goal_id: What the run is for; runs are indexed by it.
            goal_description: The goal in words.
            input_data: What the agent was given, a JSON object.
            session_id: Conversation the run belongs to.

        Returns:
            The run's id.
        """
        self._end_own()
        run = self.open_run(goal_id, goal_description, input_data, session_id)
        with self._lock:
            self._own[task_identity()] = run
        return run.id

    def run(
        self,
        goal_id: str,
        goal_description: str = "",
        input_data: Mapping[str, Any] | None = None,
        *,
        session_id: str | None = None,
    ) -> RunBlock:
        """Run a block as a run: `with runtime.run("goal") as run: …`, or `async with`.

        Leaving the block ends the run completed; by an exception failed; by cancellation cancelled. An `end_run`
        inside wins.

        Args:
            goal_id: As for `start_run`.
            goal_description: As for `start_run`.
            input_data: As for `start_run`.
            session_id: As for `start_run`.

        Returns:
            A context manager that gives an OpenRun.
        """
        return RunBlock(lambda: self.open_run(goal_id, goal_description, input_data, session_id))

    def open_run(self, goal_id: object, goal_description: object, input_data: object, session_id: object) -> OpenRun:
        """Start a run and return it; `start_run` and `run` are made of it."""
        run = OpenRun(self, self._new_id())
        with self._lock:
            self._open[run.id] = run
            self._had_two = self._had_two or len(self._open) > 1
        run.begin(goal_id, goal_description, input_data, self.session_id if session_id is None else session_id)
        return run

    def _new_id(self) -> str:
        second = format_timestamp(self.clock.wall_ns() // 1_000)
        digits = "".join(character for character in second[:19] if character.isdigit())
        return f"run_{digits[:8]}_{digits[8:]}_{self._run_digits()}"

    def _end_own(self) -> None:
        """End as cancelled what `start_run` began in this very task, unless a block's run is current inside it."""
        scope = current_scope()
        current = scope.run if scope is not None and scope.run.runtime is self and scope.run.is_open else None
        own = self._own_run()
        if own is not None and current in {None, own}:
            own.end(RunStatus.CANCELLED)

    def _own_run(self) -> OpenRun | None:
        with self._lock:
            own = self._own.get(task_identity())
        return own if own is not None and own.is_open else None

    @property
    def current_run(self) -> Run | None:
        """The Run in progress as a model, or None. Agents may inspect and change it; changes are recorded."""
        run = self._find()
        return run.model() if run is not None else None

    def set_node(self, node_id: str) -> None:
        """Set the node of the current run's later decisions, and of later runs.

        Args:
            node_id: Part of the agent that decides from now on.
        """
        self.node_id = node_id
        run = self._find()
        if run is not None:
            run.set_node(node_id)

    def health(self) -> dict[str, int]:
        """Return what this Runtime lost or ignored so far, cause -> count; empty when all is well."""
        return self.losses.report()

    # Which run a call belongs to.

    def find_run(self, call: str) -> OpenRun | None:
        """Return the caller's run, or None after a warning."""
        scope = current_scope()
        # Nearly always it is the context's own, so that is asked for before anything is called.
        run = scope.run if scope is not None and scope.run.runtime is self and scope.run.is_open else self._find()
        if run is None:
            self.note_ignored(call, "no run is in progress here")
        return run

    def _find(self) -> OpenRun | None:
        """Return the context's run; where the context has none, this task's own, or the only one there ever was."""
        scope = current_scope()
        while scope is not None and scope.run.runtime is not self:
            scope = scope.outer
        if scope is not None:
            return scope.run if scope.run.is_open else None
        return self._own_run() or self._only_run()

    def _only_run(self) -> OpenRun | None:
        with self._lock:
            if self._had_two or len(self._open) != 1:
                return None
            return next(iter(self._open.values()))

    def note_ignored(self, call: str, why: str) -> None:
        """Warn of a call that could not be recorded."""
        self.losses.warn(
            _logger,
            f"{call} ignored",
            "%s was ignored: %s. Start one with start_run() or with runtime.run().",
            call,
            why,
        )

    # What runs need of their Runtime.

    def write(self, finished: FinishedRun) -> bool:
        """Write a finished run to the storage, if there is one; return whether it is there now."""
        if self.storage is not None:
            return self.storage.write_run_or_keep(finished.data, finished.native, self.losses)
        return False

    def forget(self, run: OpenRun) -> None:
        """Count a run as ended."""
        with self._lock:
            self._open.pop(run.id, None)

    def abandon_open_runs(self) -> None:
        """End the runs that are still open, because the process ends."""
        for run in list(self._open.values()):
            with contained("exit", self.losses):
                run.abandon()

    def _after_fork(self) -> None:
        self._lock = threading.Lock()
        self._open = {}
        self._own = weakref.WeakKeyDictionary()


def _encoder(redact: object, settings: Settings, health: Health) -> Encoder:
    """Make the encoder that `redact` and the settings ask for."""
    rules, function = None, None
    if isinstance(redact, Redactor):
        rules = redact
    elif callable(redact):
        function = redact
    elif redact is not None and not isinstance(redact, bool):
        msg = f"redact={redact!r}: must be True, False, a Redactor, or a function of a value and the name of its field"
        raise ConfigError(msg)
    if rules is None and (settings.redact or redact is True):
        rules = Redactor()
    return Encoder(health=health, redactor=rules, function=function, capture_content=settings.capture_content)


def _tracer(provider: object) -> trace.Tracer:
    if provider is not None and not isinstance(provider, trace.TracerProvider):
        msg = f"tracer_provider={provider!r}: must be an OpenTelemetry TracerProvider, or None for the global one"
        raise ConfigError(msg)
    return trace.get_tracer(semconv.SCOPE_NAME, __version__, provider, semconv.SCHEMA_URL)


def abandon_open_runs() -> None:
    """End the open runs of all Runtimes of this process, because it ends: as failed, saying so."""
    for runtime in list(_ALIVE):
        runtime.abandon_open_runs()


def _after_fork() -> None:
    for runtime in list(_ALIVE):
        runtime._after_fork()  # noqa: SLF001 - its own module


_ALIVE: Final[weakref.WeakSet[Runtime]] = weakref.WeakSet()
atexit.register(abandon_open_runs)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
