"""What is kept from the record: secrets, what a user's function takes out, or every value; everywhere it could go."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from runspan import FileStorage, Redactor, Runtime
from runspan.errors import ConfigError
from runspan.testing import CapturedRuns

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECRET = "sk-" + "proj-" + "a1B2c3D4e5F6g7H8" * 3
REDACTED = "[redacted]"
NOT_CAPTURED = "[not captured]"


def fail(message: str) -> None:
    """Raise."""
    raise ValueError(message)


def record_secrets(runtime: Runtime, secret: str = SECRET) -> str:
    """A run with a secret in every place where an agent can put one."""
    run_id = runtime.start_run(f"goal {secret}", f"Use {secret}", {"api_key": secret, "text": f"see {secret}"})
    runtime.set_node(f"node {secret}")
    chosen = f"o {secret}"
    option = {
        "id": chosen,
        "description": secret,
        "pros": [secret],
        "cons": [secret],
        "action_params": {secret: 1},
    }
    decision = runtime.decide(
        f"intent {secret}", [option], chosen, f"because {secret}", constraints=[secret], context={"a": [secret]}
    )
    runtime.record_outcome(decision, False, {"token": secret}, f"401 {secret}", f"sum {secret}", {"b": secret})
    runtime.record_outcome(decision, True, secret, summary=secret)
    runtime.record_outcome(secret, True, secret)
    runtime.report_problem(secret, secret, secret, secret, secret)
    runtime.decide(secret, {"not": secret}, secret, [secret], decision_type=secret)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="raised"), runtime.decision("x", [secret], secret, "r"):
        fail(f"raised {secret}")
    model = runtime.current_run
    assert model is not None
    model.decisions[0].reasoning = f"changed {secret}"
    model.problems[0].description = secret
    object.__setattr__(model, "narrative", secret)
    (model.__pydantic_extra__ or {}).update(password=secret)
    runtime.end_run(False, f"told {secret}", {"out": secret})
    return run_id


def everything(folder: Path, captured: CapturedRuns, logs: str) -> str:
    """All that has left the agent: files, journals, spans, logs."""
    files = [path.read_text() + path.name for path in folder.rglob("*") if path.is_file()]
    return "\n".join([*files, *(span.to_json() for span in captured.exporter.spans), logs])


@pytest.mark.usefixtures("contained_faults")
def test_secret_leaves_by_no_way(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither by file, journal, index, span, event, nor log line; and the file says where something was."""
    captured = CapturedRuns(tmp_path)
    run_id = record_secrets(captured.runtime)
    left = everything(tmp_path, captured, caplog.text)
    run = json.loads((tmp_path / "runs" / f"{run_id}.json").read_bytes())

    assert SECRET not in left
    assert f"because {REDACTED}" != run["decisions"][0]["reasoning"] == f"changed {REDACTED}"
    assert {"at": "intent", "rule": run["decisions"][0]["redacted"][0]["rule"]} in run["decisions"][0]["redacted"]
    assert captured.decoded(run_id).is_whole
    assert captured.decoded(run_id).data == (tmp_path / "runs" / f"{run_id}.json").read_bytes()


def test_without_redaction_the_same_test_finds_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """As it was asked for: everything is recorded as it is."""
    captured = CapturedRuns(tmp_path, redact=False)
    record_secrets(captured.runtime)

    assert SECRET in everything(tmp_path, captured, caplog.text)


def test_names_are_masked_too(tmp_path: Path) -> None:
    """Of the agent and of its session, in the journal of a run in progress and on its span as in the file."""
    captured = CapturedRuns(tmp_path, agent_name=f"agent {SECRET}", session_id=f"session {SECRET}")
    run_id = captured.runtime.start_run("goal")
    open_journal = (tmp_path / "journal" / f"{run_id}.jsonl").read_text()
    captured.runtime.end_run(True)

    assert SECRET not in open_journal + everything(tmp_path, captured, "")
    assert f"agent {REDACTED}" == captured.span("run goal").attributes["gen_ai.agent.name"]


def test_variable_switches_it_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the argument asks for it."""
    monkeypatch.setenv("RUNSPAN_REDACT", "false")
    found = []
    for number, redact in enumerate((None, True)):
        captured = CapturedRuns(tmp_path / str(number), redact=redact)
        record_secrets(captured.runtime)
        found.append(SECRET in everything(tmp_path / str(number), captured, ""))

    assert [True, False] == found


def record_small(runtime: Runtime) -> dict[str, Any]:
    """A run that holds a bit of everything; return its file."""
    run_id = runtime.start_run("goal", "described", {"n": 1})
    options = [{"id": "a", "description": "A", "confidence": 0.7}, {"id": "b", "description": "B"}]
    decision = runtime.decide("intent", options, "a", "why", "node", constraints=["c"], context={"who": "Ann", "n": 3})
    runtime.record_outcome(decision, False, [1, "x", None, True], "boom", "summed", {"k": {"v": 2}}, 12, 34)
    runtime.report_problem("minor", "bad", decision, "cause", "fix")
    runtime.end_run(False, "told", {"o": "p"})
    assert runtime.storage is not None
    run: dict[str, Any] = json.loads(runtime.storage.read_run_bytes(run_id) or b"")
    return run


def test_structure_without_values(tmp_path: Path) -> None:
    """Ids, numbers of the format and shapes stay; every text and value of the agent's goes."""
    run = record_small(CapturedRuns(tmp_path, capture_content=False).runtime)
    decision, outcome, problem = run["decisions"][0], run["decisions"][0]["outcome"], run["problems"][0]

    assert ("goal", NOT_CAPTURED, {"n": "[number]"}) == (run["goal_id"], run["goal_description"], run["input_data"])
    assert ("node", NOT_CAPTURED, "a") == (decision["node_id"], decision["intent"], decision["chosen_option_id"])
    assert [("a", NOT_CAPTURED, 0.7), ("b", NOT_CAPTURED, 0.5)] == [
        (option["id"], option["description"], option["confidence"]) for option in decision["options"]
    ]
    assert {"who": NOT_CAPTURED, "n": "[number]"} == decision["input_context"]
    assert ["[number]", NOT_CAPTURED, None, "[boolean]"] == outcome["result"]
    assert (False, 12, 34, NOT_CAPTURED) == (
        outcome["success"],
        outcome["tokens_used"],
        outcome["latency_ms"],
        outcome["error"],
    )
    assert ("minor", NOT_CAPTURED, NOT_CAPTURED) == (problem["severity"], problem["description"], run["narrative"])


def test_own_function_sees_every_field(tmp_path: Path) -> None:
    """With its name; what it returns is recorded."""
    seen: dict[str, Any] = {}

    def redact(value: Any, field: str) -> Any:
        seen[field] = value
        return {"hidden": True} if field == "input_context" else value

    run = record_small(CapturedRuns(tmp_path, redact=redact).runtime)

    assert {"goal_id", "input_data", "intent", "options", "input_context", "result", "error", "description"} <= set(
        seen
    )
    assert {"hidden": True} == run["decisions"][0]["input_context"]
    assert "why" == run["decisions"][0]["reasoning"]


def explode(value: object, field: str) -> object:
    """Raise with the value in the text."""
    message = f"{field}: {value}"
    raise RuntimeError(message)


class Hostile:
    """Raises whatever one does with it."""

    def __repr__(self) -> str:
        """Raise."""
        raise RuntimeError


MISBEHAVING: dict[str, Callable[..., Any]] = {
    "raises": explode,
    "returns None": lambda *_: None,
    "returns a number": lambda *_: 5,
    "returns a list": lambda *_: [],
    "returns an object in an object": lambda *_: {"x": {"y": object()}},
    "returns no option": lambda *_: [{"no": "option"}],
    "returns what raises": lambda *_: Hostile(),
    "returns bytes": lambda *_: b"\xff",
    "returns a generator": lambda *_: (number for number in range(3)),
    "wraps": lambda value, _: [value],
    "makes text": lambda value, _: str(value),
    "takes one argument": lambda value: value,
}


@pytest.mark.parametrize("name", MISBEHAVING)
@pytest.mark.usefixtures("contained_faults")
def test_function_that_misbehaves_loses_nothing_else(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The file is a run, with what the function has no say in; nothing is quoted in the log."""
    captured = CapturedRuns(tmp_path, redact=MISBEHAVING[name])
    run = record_small(captured.runtime)
    loaded = FileStorage(tmp_path).load_run(run["id"])
    outcome = run["decisions"][0]["outcome"]

    assert loaded is not None
    assert (False, 12, 34, 1, "failed") == (
        outcome["success"],
        outcome["tokens_used"],
        outcome["latency_ms"],
        len(run["problems"]),
        run["status"],
    )
    assert captured.decoded(run["id"]).is_whole
    assert "Ann" not in caplog.text


@pytest.mark.usefixtures("contained_faults")
def test_function_that_raises_is_counted_and_its_field_kept_back(tmp_path: Path) -> None:
    """What it could not look at is not recorded."""
    captured = CapturedRuns(tmp_path, redact=explode)
    run = record_small(captured.runtime)

    assert REDACTED == run["decisions"][0]["reasoning"]
    assert captured.runtime.health()["redact failed"] > 10


def test_own_rules(tmp_path: Path) -> None:
    """A Redactor with more patterns and keys."""
    captured = CapturedRuns(tmp_path, redact=Redactor(patterns={"badge": r"EMP-\d{6}"}, keys=["nickname"]))
    runtime = captured.runtime
    run_id = runtime.start_run("goal", "EMP-123456 asks", {"nickname": "Annie", "name": "Ann"})
    runtime.end_run(True)
    run = json.loads((tmp_path / "runs" / f"{run_id}.json").read_bytes())

    assert (f"{REDACTED} asks", {"nickname": REDACTED, "name": "Ann"}) == (run["goal_description"], run["input_data"])
    assert ["badge"] == [each["rule"] for each in run["redacted"] if each["at"] == "goal_description"]


def test_what_cannot_redact_is_refused() -> None:
    """At once, with what it may be."""
    with pytest.raises(ConfigError, match="redact='all': must be True, False, a Redactor, or a function"):
        Runtime(redact="all")  # type: ignore[arg-type]


def test_saving_a_run_keeps_its_bytes(tmp_path: Path) -> None:
    """What somebody else recorded is not ours to change."""
    captured = CapturedRuns(tmp_path, redact=False)
    run_id = record_secrets(captured.runtime)
    storage = FileStorage(tmp_path)
    before = storage.read_run_bytes(run_id)
    run = storage.load_run(run_id)
    assert run is not None
    storage.save_run(run)

    assert before == storage.read_run_bytes(run_id)
