"""What a journal's lines say, written and read. Knows neither files being written nor the spans behind the ids.

A line is a JSON object with its `kind`: `run` first, then `decision`, `outcome` and `problem` as the calls came, at the
end `end`, and `children` for spans that only the end has begun. What is native is in it as the run file has it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from runspan.errors import CorruptFileError
from runspan.journal._frames import unframe
from runspan.record import (
    DecisionParts,
    ExceptionParts,
    OutcomeParts,
    ProblemParts,
    RunParts,
    Stamp,
    decision_parts,
    outcome_parts,
    problem_parts,
    run_parts,
    stamp_of,
)
from runspan.values import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from runspan.files import Folder

__all__ = [
    "DecisionStep",
    "EndStep",
    "JournaledRun",
    "OutcomeStep",
    "ProblemStep",
    "SpanFacts",
    "children_line",
    "decision_line",
    "end_line",
    "outcome_line",
    "problem_line",
    "read_journal",
    "read_owner",
    "run_line",
    "span_json",
]

_VERSION: Final = 1
_NULL: Final = b"null"


@dataclass(slots=True)
class SpanFacts:
    """A span's place in its trace."""

    span_id: int
    parent_id: int
    """0 for none."""
    is_sampled: bool
    trace_state: str = ""

    def encode(self) -> bytes:
        """Return them as JSON."""
        return span_json(self.span_id, self.parent_id, self.trace_state, is_sampled=self.is_sampled)


def span_json(span_id: int, parent_id: int, trace_state: str = "", *, is_sampled: bool) -> bytes:
    """Return a SpanFacts as JSON without making one, where a call is waiting."""
    state = b',"state":%s' % dumps(trace_state) if trace_state else b""
    flags = b"true" if is_sampled else b"false"
    return b'{"id":"%016x","parent":"%016x","sampled":%s%s}' % (span_id, parent_id, flags, state)


def _span(facts: SpanFacts | None) -> bytes:
    return _NULL if facts is None else facts.encode()


# Written. Bytes are put together by hand where a call is waiting: what is native in them is JSON already.


def run_line(start: bytes, span: SpanFacts | None, facts: Mapping[str, Any]) -> bytes:
    """Return the first line of a journal.

    Args:
        start: The native JSON of the Run as it is at the start.
        span: Its span, None where that does not record.
        facts: `owner`, `host`, `pid`, `trace_id`, `outside`, `resource`, `scope`, `settings`.
    """
    told = dumps({"kind": "run", "version": _VERSION, **facts})
    return b'%s,"span":%s,"run":%s}' % (told[:-1], _span(span), start)


def decision_line(decision: bytes, index: int, span: bytes = _NULL) -> bytes:
    """Return the line of a Decision.

    Args:
        decision: Its native JSON.
        index: Its place among the decisions that were recorded by calls.
        span: Its span as `span_json` gives it, null where there is none.
    """
    return b'{"kind":"decision","index":%d,"span":%s,"decision":%s}' % (index, span, decision)


def outcome_line(
    outcome: bytes,
    decision_id: str,
    *,
    cancelled: bool = False,
    error_type: str | None = None,
    exception: ExceptionParts | None = None,
) -> bytes:
    """Return the line of an Outcome.

    Args:
        outcome: Its native JSON.
        decision_id: The decision it belongs to.
        cancelled: Whether the decision was interrupted.
        error_type: Class of what escaped from the agent's code.
        exception: The event that its span got for it.
    """
    more = b""
    if cancelled or error_type or exception:
        more = b'"cancelled":%s,"error_type":%s,"exception":%s,' % (
            dumps(cancelled),
            dumps(error_type),
            _exception(exception),
        )
    return b'{"kind":"outcome","of":%s,%s"outcome":%s}' % (dumps(decision_id), more, outcome)


def _exception(parts: ExceptionParts | None) -> bytes:
    if parts is None:
        return _NULL
    return dumps({"type": parts.type, "message": parts.message, "stacktrace": parts.stacktrace})


def problem_line(problem: bytes, index: int, taker_id: int, begun: SpanFacts | None) -> bytes:
    """Return the line of a Problem.

    Args:
        problem: Its native JSON.
        index: Its place among the problems.
        taker_id: The span that took its event, 0 for none.
        begun: That span, if it was begun for it.
    """
    return b'{"kind":"problem","index":%d,"on":"%016x","begun":%s,"problem":%s}' % (
        index,
        taker_id,
        _span(begun),
        problem,
    )


def end_line(end: EndStep) -> bytes:
    """Return the line of a run's end."""
    told = {
        "kind": "end",
        "at": end.at.text,
        "status": end.status,
        "narrative": end.narrative,
        "output": None if end.output is None else loads(end.output),
        "extra": {name: loads(data) for name, data in end.extra.items()},
        "amendments": end.amendments,
        "error_type": end.error_type,
        "exception": loads(_exception(end.exception)),
    }
    return dumps(told)


def children_line(begun: Sequence[SpanFacts]) -> bytes:
    """Return the line of the spans that the end of a run has begun."""
    return b'{"kind":"children","begun":[%s]}' % b",".join(facts.encode() for facts in begun)


# Read.


@dataclass(slots=True, kw_only=True)
class DecisionStep:
    """A decision was made."""

    parts: DecisionParts
    span: SpanFacts | None


@dataclass(slots=True, kw_only=True)
class OutcomeStep:
    """A decision got its outcome."""

    decision_id: str
    parts: OutcomeParts
    cancelled: bool = False
    error_type: str | None = None
    exception: ExceptionParts | None = None


@dataclass(slots=True, kw_only=True)
class ProblemStep:
    """A problem was reported."""

    parts: ProblemParts
    taker_id: int = 0
    """The span that took its event, 0 for none."""
    begun: SpanFacts | None = None
    """That span, if it was begun for it."""


@dataclass(slots=True, kw_only=True)
class EndStep:
    """The run ended."""

    at: Stamp
    status: str
    narrative: str = ""
    """As the agent gave it; empty for the default one."""
    output: bytes | None = None
    """JSON object, None where none was given."""
    extra: dict[str, bytes] = field(default_factory=dict)
    """Extra fields that the end added to the Run."""
    amendments: list[dict[str, Any]] = field(default_factory=list)
    """What the agent changed on the model."""
    error_type: str | None = None
    exception: ExceptionParts | None = None


@dataclass(slots=True, kw_only=True)
class JournaledRun:
    """One run as its journal has it."""

    folder: Folder
    name: str
    """Of its file in the folder."""
    head: dict[str, Any]
    """The first line: `owner`, `host`, `pid`, `trace_id`, `outside`, `resource`, `scope`, `settings`."""
    start: RunParts
    span: SpanFacts | None
    steps: list[DecisionStep | OutcomeStep | ProblemStep] = field(default_factory=list)
    """In the order of the calls."""
    end: EndStep | None = None
    begun: list[SpanFacts] = field(default_factory=list)
    """Spans that the end has begun."""
    torn: int = 0
    """Lines that are not whole: the last one, where the process died writing it."""

    @property
    def path(self) -> Path:
        """Where it is, for messages."""
        return self.folder.path / self.name

    @property
    def owner(self) -> str:
        """The lock file of the process that wrote it."""
        return str(self.head.get("owner", ""))

    @property
    def is_sampled(self) -> bool:
        """Whether its spans were to be exported."""
        return self.span is not None and self.span.is_sampled

    @property
    def last_seen(self) -> Stamp:
        """The latest instant it tells of."""
        stamps = [self.start.started, *(_stamp(step) for step in self.steps)]
        return max(stamps, key=lambda stamp: stamp.unix_nano)


def _stamp(step: DecisionStep | OutcomeStep | ProblemStep) -> Stamp:
    match step:
        case DecisionStep():
            return step.parts.made
        case OutcomeStep():
            return step.parts.recorded
        case ProblemStep():
            return step.parts.reported


def read_journal(folder: Folder, name: str) -> JournaledRun:
    """Read a journal, as far as it is whole.

    Args:
        folder: Where it is.
        name: Of its file.

    Raises:
        CorruptFileError: Its first line is missing or broken, or a newer version wrote it.
        OSError: It cannot be read.
    """
    payloads, torn = unframe(folder.read(name) or b"")
    path = folder.path / name
    try:
        head, *lines = [cast("dict[str, Any]", loads(payload)) for payload in payloads]
        if head["kind"] != "run" or head["version"] > _VERSION:
            raise CorruptFileError(f"{path} was written by a newer runspan. Upgrade it: pip install -U runspan", path)
        start, span = run_parts(head["run"]), _facts(head["span"])
        run = JournaledRun(folder=folder, name=name, head=head, start=start, span=span, torn=torn)
        for line in lines:
            _take(run, line)
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise CorruptFileError(f"{path} cannot be read as a journal: {exc!r}. Move it aside.", path) from exc
    return run


def read_owner(folder: Folder, name: str) -> str:
    """Return the lock file that a journal names; empty where its first line cannot be read."""
    try:
        payloads, _ = unframe((folder.read(name) or b"").partition(b"\n")[0])
        return str(loads(payloads[0])["owner"]) if payloads else ""  # type: ignore[index, call-overload]
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _take(run: JournaledRun, line: dict[str, Any]) -> None:
    """Add one line; a kind that a later version may add is passed over."""
    match line["kind"]:
        case "decision":
            parts = decision_parts(line["decision"], line["index"])
            run.steps.append(DecisionStep(parts=parts, span=_facts(line["span"])))
        case "outcome":
            run.steps.append(
                OutcomeStep(
                    decision_id=line["of"],
                    parts=outcome_parts(line["outcome"]),
                    cancelled=line.get("cancelled", False),
                    error_type=line.get("error_type"),
                    exception=_exception_parts(line.get("exception")),
                )
            )
        case "problem":
            parts_of_problem = problem_parts(line["problem"], line["index"])
            begun = _facts(line["begun"])
            run.steps.append(ProblemStep(parts=parts_of_problem, taker_id=int(line["on"], 16), begun=begun))
        case "end":
            run.end = _end(line)
        case "children":
            run.begun = [facts for told in line["begun"] if (facts := _facts(told)) is not None]


def _end(line: dict[str, Any]) -> EndStep:
    return EndStep(
        at=stamp_of(line["at"]),
        status=line["status"],
        narrative=line["narrative"],
        output=None if line["output"] is None else dumps(line["output"]),
        extra={name: dumps(value) for name, value in line["extra"].items()},
        amendments=line["amendments"],
        error_type=line["error_type"],
        exception=_exception_parts(line["exception"]),
    )


def _facts(told: dict[str, Any] | None) -> SpanFacts | None:
    if told is None:
        return None
    return SpanFacts(int(told["id"], 16), int(told["parent"], 16), told["sampled"], told.get("state", ""))


def _exception_parts(told: dict[str, str] | None) -> ExceptionParts | None:
    return None if told is None else ExceptionParts(told["type"], told["message"], told["stacktrace"])
