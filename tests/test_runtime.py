"""Runtime's calls: what each one records in file and trace, and what it returns."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

import runspan
from runspan import Runtime, semconv
from runspan.exporter import span_record
from runspan.mapping import decode_run, run_id_of
from runspan.testing import CapturedRuns, SpanList

if TYPE_CHECKING:
    from pathlib import Path

OPTIONS = [
    {"id": "mail", "description": "Answer by mail", "pros": ["fast"], "cons": ["impersonal"], "confidence": 0.8},
    {"id": "call", "description": "Call back", "action_type": "tool_call", "action_params": {"retries": 2}},
]


@pytest.fixture
def runs(tmp_path: Path) -> CapturedRuns:
    """A Runtime with a storage, deterministic ids and clock, spans in memory."""
    return CapturedRuns(tmp_path)


def file_of(runs: CapturedRuns, run_id: str) -> dict[str, Any]:
    """Return a stored run as plain JSON data."""
    storage = runs.runtime.storage
    assert storage is not None
    loaded: dict[str, Any] = json.loads((storage.base_path / "runs" / f"{run_id}.json").read_bytes())
    return loaded


def test_one_run_gives_one_file_and_one_trace_that_say_the_same(runs: CapturedRuns) -> None:
    """The file written by end_run and the Run decoded from the spans are the same bytes."""
    runtime = runs.runtime
    run_id = runtime.start_run("answer", "Answer a ticket", {"ticket": 7})
    decision_id = runtime.decide("Choose a channel", OPTIONS, "mail", "It is night", context={"hour": 23})
    runtime.record_outcome(decision_id, True, {"sent": True}, summary="Mail sent", tokens_used=12, latency_ms=80)
    runtime.end_run(True, output_data={"channel": "mail"})

    decoded = runs.decoded(run_id)
    assert decoded.is_whole
    assert decoded.data == (runtime.storage.base_path / "runs" / f"{run_id}.json").read_bytes()  # type: ignore[union-attr]


def test_run_file_has_what_was_recorded(runs: CapturedRuns) -> None:
    """Every argument of the calls stands in the native file under its native name."""
    runtime = runs.runtime
    run_id = runtime.start_run("answer", "Answer a ticket", {"ticket": 7})
    runtime.set_node("triage")
    decision_id = runtime.decide(
        "Choose", OPTIONS, "call", "Why", None, runspan.DecisionType.TOOL_SELECTION, ["office hours"], {"hour": 9}
    )
    runtime.record_outcome(decision_id, False, None, "busy", "No answer", {"calls": 1}, 3, 40)
    runtime.report_problem("critical", "Line is down", decision_id, "storm", "use mobile")
    runtime.end_run(False)

    run = file_of(runs, run_id)
    assert run["goal_id"] == "answer"
    assert run["status"] == "failed"
    assert run["trace_id"] == f"{1:032x}"
    assert run["input_data"] == {"ticket": 7}
    decision = run["decisions"][0]
    assert decision["id"] == decision_id == "dec_0"
    assert decision["node_id"] == "triage"
    assert decision["decision_type"] == "tool_selection"
    assert decision["active_constraints"] == ["office hours"]
    assert decision["options"][1]["action_params"] == {"retries": 2}
    assert decision["chosen_option"]["id"] == "call"
    assert decision["outcome"]["error"] == "busy"
    assert decision["outcome"]["state_changes"] == {"calls": 1}
    assert run["problems"][0]["suggested_fix"] == "use mobile"
    assert run["metrics"]["failed_decisions"] == 1
    assert run["narrative"].startswith("Run failed. Made 1 decisions: 0 succeeded, 1 failed.")


def test_decision_span_carries_options_choice_and_reasoning(runs: CapturedRuns) -> None:
    """Plain texts are attributes of their own; structures are JSON that begins with a bracket."""
    runtime = runs.runtime
    runtime.start_run("answer")
    runtime.decide("Choose", OPTIONS, "mail", "It is night", node_id="triage")
    runtime.end_run(True)

    attributes = runs.span("decide triage").attributes
    assert attributes[semconv.DECISION_CHOSEN] == "mail"
    assert attributes[semconv.DECISION_CHOSEN_DESCRIPTION] == "Answer by mail"
    assert attributes[semconv.DECISION_REASONING] == "It is night"
    assert [option["id"] for option in json.loads(attributes[semconv.DECISION_OPTIONS])] == ["mail", "call"]
    assert attributes[semconv.DECISION_OUTCOME] == "missing"


def test_times_of_span_and_file_are_one_reading_of_the_clock(runs: CapturedRuns) -> None:
    """A span's times are the model's, to the microsecond."""
    runtime = runs.runtime
    run_id = runtime.start_run("answer")
    decision_id = runtime.decide("Choose", OPTIONS, "mail", "Why", node_id="n")
    runtime.record_outcome(decision_id, True)
    runtime.end_run(True)

    run, span = file_of(runs, run_id), runs.span("decide n")
    from runspan.native import parse_timestamp_ns  # noqa: PLC0415

    assert span.start_unix_nano == parse_timestamp_ns(run["decisions"][0]["timestamp"])
    assert span.end_unix_nano == parse_timestamp_ns(run["decisions"][0]["outcome"]["timestamp"])
    assert span.events[0].time_unix_nano == span.end_unix_nano
    assert runs.span("run answer").end_unix_nano == parse_timestamp_ns(run["completed_at"])


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        pytest.param(lambda runtime: runtime.end_run(True), None, id="end_run"),
        pytest.param(lambda runtime: runtime.decide("i", [], "c", "r"), "", id="decide"),
        pytest.param(lambda runtime: runtime.record_outcome("dec_0", True), None, id="record_outcome"),
        pytest.param(lambda runtime: runtime.report_problem("minor", "d"), "", id="report_problem"),
        pytest.param(lambda runtime: runtime.quick_decision("i", "a", "r"), "", id="quick_decision"),
        pytest.param(lambda runtime: runtime.current_run, None, id="current_run"),
        pytest.param(
            lambda runtime: runtime.decide_and_execute("i", [], "c", "r", lambda: 5), ("", 5), id="decide_and_execute"
        ),
    ],
)
def test_calls_without_a_run_return_nothing(tmp_path: Path, call: Any, expected: object) -> None:
    """Without a run in progress a call does nothing and returns None or an empty id."""
    assert expected == call(Runtime(tmp_path))


@pytest.mark.parametrize("name", ["end_run", "decide", "record_outcome", "report_problem"])
def test_calls_without_a_run_warn(tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Each such call is logged as a warning that names it, and counted."""
    runtime = Runtime(tmp_path)
    arguments: dict[str, tuple[Any, ...]] = {
        "end_run": (True,),
        "decide": ("i", [], "c", "r"),
        "record_outcome": ("dec_0", True),
    }
    with caplog.at_level(logging.WARNING, "runspan.runtime"):
        getattr(runtime, name)(*arguments.get(name, ("minor", "d")))

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert name in caplog.text
    assert runtime.health() == {f"{name} ignored": 1}


def test_executor_exception_is_recorded_and_goes_on_unchanged(runs: CapturedRuns) -> None:
    """The very exception object arrives at the caller, without a cause or context of ours."""
    runtime = runs.runtime
    error = LookupError("no such order")

    def fail() -> None:
        raise error

    run_id = runtime.start_run("answer")
    with pytest.raises(LookupError) as caught:
        runtime.decide_and_execute("Look up", OPTIONS, "mail", "Why", fail, node_id="n")
    runtime.end_run(False)

    assert caught.value is error
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    outcome = file_of(runs, run_id)["decisions"][0]["outcome"]
    assert outcome["success"] is False
    assert outcome["error"] == "no such order"
    span = runs.span("decide n")
    assert [semconv.EVENT_OUTCOME, semconv.EVENT_EXCEPTION] == [event.name for event in span.events]
    assert span.attributes[semconv.ERROR_TYPE] == "LookupError"
    assert span.status_message == "no such order"


def test_exception_that_leaves_decision_and_run_is_recorded_once(runs: CapturedRuns) -> None:
    """It stands on the decision's span, where it escaped first, and fails the run too."""
    runtime = runs.runtime
    with pytest.raises(ValueError, match="bad"), runtime.run("answer"), runtime.decision("i", OPTIONS, "mail", "r"):
        raise ValueError("bad")

    events = [(span.name, event.name) for span in runs.spans for event in span.events]
    assert events == [
        ("decide unknown", semconv.EVENT_OUTCOME),
        ("decide unknown", semconv.EVENT_EXCEPTION),
    ]
    assert runs.span("run answer").attributes[semconv.RUN_STATUS] == "failed"
    assert runs.span("run answer").status_code == 2


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_interruption_leaves_an_outcome_and_goes_on(runs: CapturedRuns, kind: type[BaseException]) -> None:
    """What is no Exception cancels decision and run: success false in the file, no error on the spans."""
    runtime = runs.runtime
    with pytest.raises(kind), runtime.run("answer") as run, runtime.decision("i", OPTIONS, "mail", "r"):
        raise kind

    stored = file_of(runs, run.id)
    assert stored["status"] == "cancelled"
    assert stored["decisions"][0]["outcome"]["success"] is False
    span = runs.span("decide unknown")
    assert span.attributes[semconv.DECISION_OUTCOME] == "cancelled"
    assert span.status_code == 0
    assert runs.span("run answer").status_code == 0


def test_block_without_outcome_records_success_with_its_latency(runs: CapturedRuns) -> None:
    """Leaving a decision's block is success; the latency is what the clock says."""
    runtime = runs.runtime
    with runtime.run("answer") as run, runtime.decision("i", OPTIONS, "mail", "r"):
        runtime.clock.advance(250_000_000)  # type: ignore[attr-defined]

    outcome = file_of(runs, run.id)["decisions"][0]["outcome"]
    assert outcome["success"] is True
    assert 250 <= outcome["latency_ms"] < 260


def test_explicit_outcome_and_end_win_over_the_block(runs: CapturedRuns) -> None:
    """What the agent says itself stands, whatever leaves the block."""
    ended: list[str] = []

    def agent() -> None:
        with runs.runtime.run("answer") as run:
            with runs.runtime.decision("i", OPTIONS, "mail", "r") as decision:
                decision.outcome(False, error="told", latency_ms=5)
            run.end_run(True, "all fine")
            ended.append(run.id)
            raise ValueError("late")

    with pytest.raises(ValueError, match="late"):
        agent()

    stored = file_of(runs, ended[0])
    outcome = stored["decisions"][0]["outcome"]
    assert (stored["status"], stored["narrative"]) == ("completed", "all fine")
    assert (outcome["error"], outcome["latency_ms"]) == ("told", 5)


def test_second_outcome_is_kept_as_a_problem(runs: CapturedRuns, caplog: pytest.LogCaptureFixture) -> None:
    """The first outcome stands and counts; the second is a warning that holds it whole."""
    runtime = runs.runtime
    run_id = runtime.start_run("answer")
    decision_id = runtime.decide("i", OPTIONS, "mail", "r")
    runtime.record_outcome(decision_id, True, "first", tokens_used=5)
    runtime.record_outcome(decision_id, False, "second", tokens_used=7)
    runtime.end_run(True)

    run = file_of(runs, run_id)
    assert run["decisions"][0]["outcome"]["result"] == "first"
    assert run["metrics"]["total_tokens"] == 5
    problem = run["problems"][0]
    assert (problem["severity"], problem["decision_id"]) == ("warning", decision_id)
    assert problem["outcome"]["result"] == "second"
    assert "second outcome" in caplog.text


def test_second_outcome_is_noticed_after_the_span_was_handed_over(runs: CapturedRuns) -> None:
    """A decision that is long over is still known."""
    runtime = runs.runtime
    run_id = runtime.start_run("answer")
    first = runtime.decide("i", OPTIONS, "mail", "r")
    runtime.record_outcome(first, True)
    runtime.decide("i2", OPTIONS, "mail", "r")
    runtime.record_outcome(first, False)
    runtime.end_run(True)

    assert "second outcome" in file_of(runs, run_id)["problems"][0]["description"]
    assert runs.decoded(run_id).is_whole


@pytest.mark.parametrize("decision_id", ["dec_7", "", None, 3, ["dec_0"], "dec_00", "dec_-1", "dec_²"])
def test_outcome_for_an_unknown_decision_is_kept_as_a_problem(
    runs: CapturedRuns, decision_id: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is dropped without a word, whatever the id is."""
    runtime = runs.runtime
    run_id = runtime.start_run("answer")
    runtime.decide("i", OPTIONS, "mail", "r")
    runtime.record_outcome(decision_id, True, {"kept": 1})
    runtime.end_run(True)

    run = file_of(runs, run_id)
    assert "unknown decision" in run["problems"][0]["description"]
    assert run["problems"][0]["outcome"]["result"] == {"kept": 1}
    assert run["decisions"][0]["outcome"] is None
    assert "unknown decision" in caplog.text
    assert runs.decoded(run_id).is_whole


def test_problem_right_after_a_failure_lands_on_the_decision(runs: CapturedRuns) -> None:
    """A decision's span takes problems until the next decision starts, and then the run's does."""
    runtime = runs.runtime
    runtime.start_run("answer")
    first = runtime.decide("i", OPTIONS, "mail", "r", node_id="a")
    runtime.record_outcome(first, False)
    runtime.report_problem("minor", "early", first)
    runtime.decide("i", OPTIONS, "mail", "r", node_id="b")
    runtime.report_problem("critical", "late", first)
    runtime.end_run(False)

    on_decision = [event.attributes[semconv.PROBLEM_DESCRIPTION] for event in runs.span("decide a").events[1:]]
    on_run = [event for event in runs.span("run answer").events if event.name == semconv.EVENT_PROBLEM]
    assert on_decision == ["early"]
    assert [event.attributes[semconv.DECISION_ID] for event in on_run] == [first]
    assert runs.span("run answer").status_code == 2


def test_three_hundred_problems_evict_nothing(runs: CapturedRuns) -> None:
    """Past the event budget problems go to child spans, and the Run comes back whole."""
    runtime = runs.runtime
    run_id = runtime.start_run("answer")
    for number in range(300):
        runtime.report_problem("minor", f"problem {number}")
    runtime.end_run(True)

    assert sum(span.name == semconv.SPAN_PROBLEMS for span in runs.spans) == 2
    assert all(len(span.events) <= 128 for span in runs.spans)
    assert runs.decoded(run_id).is_whole


def test_run_starts_as_root_with_a_link(runs: CapturedRuns) -> None:
    """By default the run is a trace of its own, linked to what was current."""
    with runs.tracer.start_as_current_span("request") as request:
        runs.runtime.start_run("answer")
        runs.runtime.end_run(True)

    span = runs.span("run answer")
    assert span.parent_span_id is None
    assert span.trace_id != request.get_span_context().trace_id
    assert [link.span_id for link in span.links] == [request.get_span_context().span_id]


def test_run_as_child_of_the_current_span(tmp_path: Path) -> None:
    """With parent="current" it is part of the caller's trace."""
    runs = CapturedRuns(tmp_path, parent="current")
    with runs.tracer.start_as_current_span("request") as request:
        runs.runtime.start_run("answer")
        runs.runtime.end_run(True)

    span = runs.span("run answer")
    assert span.parent_span_id == request.get_span_context().span_id
    assert span.links == ()


def test_names_of_agent_and_session(tmp_path: Path) -> None:
    """They stand in the file as extra fields and on the run span under their GenAI names."""
    runs = CapturedRuns(tmp_path, agent_name="helper", session_id="s-1")
    run_id = runs.runtime.start_run("answer")
    runs.runtime.end_run(True)

    attributes = runs.span("run answer").attributes
    assert attributes[semconv.GEN_AI_OPERATION_NAME] == "invoke_agent"
    assert attributes[semconv.GEN_AI_AGENT_NAME] == "helper"
    assert attributes[semconv.GEN_AI_CONVERSATION_ID] == "s-1"
    extras = [name for name in file_of(runs, run_id) if name in {"trace_id", "agent_name", "session_id"}]
    assert extras == ["trace_id", "agent_name", "session_id"]


def test_span_names_with_the_choice(tmp_path: Path) -> None:
    """span_names="choice" shows the option at a glance."""
    runs = CapturedRuns(tmp_path, span_names="choice")
    runs.runtime.start_run("answer")
    runs.runtime.decide("i", OPTIONS, "mail", "r", node_id="n")
    runs.runtime.end_run(True)

    assert runs.span("decide n: mail").attributes[semconv.NODE_ID] == "n"


def test_agent_may_change_the_run_it_looks_at(runs: CapturedRuns) -> None:
    """What the agent changes on current_run is in the file, and travels to the trace as amendments."""
    runtime = runs.runtime
    run_id = runtime.start_run("answer")
    first = runtime.decide("i", OPTIONS, "mail", "r")
    run = runtime.current_run
    assert run is not None
    runtime.record_outcome(first, True, tokens_used=3)
    runtime.decide("ii", OPTIONS, "mail", "r")
    run.decisions[0].evaluation = runspan.DecisionEvaluation(outcome_quality=0.9)
    run.decisions[0].reviewer = "ann"  # type: ignore[attr-defined]
    run.metrics.edges_traversed.append("a->b")
    run.team = {"size": 2}  # type: ignore[attr-defined]
    runtime.end_run(True)

    stored = file_of(runs, run_id)
    assert stored["decisions"][0]["evaluation"]["outcome_quality"] == 0.9
    assert stored["decisions"][0]["reviewer"] == "ann"
    assert stored["decisions"][0]["outcome"]["tokens_used"] == 3
    assert len(stored["decisions"]) == 2
    assert stored["team"] == {"size": 2}
    decoded = runs.decoded(run_id)
    assert decoded.missing == ()
    assert decoded.native["metrics"]["edges_traversed"] == ["a->b"]


@pytest.mark.usefixtures("contained_faults")
def test_agent_that_breaks_the_model_loses_only_its_changes(runs: CapturedRuns) -> None:
    """Where the model cannot be stored any more, what the calls recorded is."""
    runtime = runs.runtime
    run_id = runtime.start_run("answer")
    run = runtime.current_run
    assert run is not None
    run.metrics = None  # type: ignore[assignment]
    runtime.decide("i", OPTIONS, "mail", "r")
    runtime.end_run(True)

    stored = file_of(runs, run_id)
    assert [decision["id"] for decision in stored["decisions"]] == ["dec_0"]
    assert stored["metrics"]["total_decisions"] == 1
    assert runtime.health()


def test_values_are_copied_at_the_call(runs: CapturedRuns) -> None:
    """What the agent changes in its own objects later does not show."""
    runtime = runs.runtime
    run_id = runtime.start_run("answer")
    context = {"items": [1]}
    decision_id = runtime.decide("i", OPTIONS, "mail", "r", context=context)
    context["items"].append(2)
    runtime.record_outcome(decision_id, True, context)
    context["items"].clear()
    runtime.end_run(True)

    decision = file_of(runs, run_id)["decisions"][0]
    assert (decision["input_context"], decision["outcome"]["result"]) == ({"items": [1]}, {"items": [1, 2]})


def test_without_an_sdk_files_are_written(tmp_path: Path) -> None:
    """With the API's no-op provider there is no trace id, and everything else."""
    runtime = Runtime(tmp_path, tracer_provider=trace.NoOpTracerProvider())
    run_id = runtime.start_run("answer")
    runtime.record_outcome(runtime.decide("i", OPTIONS, "mail", "r"), True)
    assert trace.get_current_span() is trace.INVALID_SPAN
    runtime.end_run(True)

    run = json.loads((tmp_path / "runs" / f"{run_id}.json").read_bytes())
    assert "trace_id" not in run
    assert run["metrics"]["successful_decisions"] == 1


def test_sampled_out_run_is_recorded_whole(tmp_path: Path) -> None:
    """Sampling costs spans, never the file; its spans stay out of the trace, its children's too."""
    provider = TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False)
    runtime = Runtime(tmp_path, tracer_provider=provider)
    run_id = runtime.start_run("answer")
    runtime.decide("i", OPTIONS, "mail", "r")
    with provider.get_tracer("llm").start_as_current_span("chat") as span:
        assert not span.is_recording()
    runtime.end_run(True)

    assert len(json.loads((tmp_path / "runs" / f"{run_id}.json").read_bytes())["decisions"]) == 1


LIMITS = [
    SpanLimits(max_span_attributes=2),
    SpanLimits(max_span_attributes=0),
    SpanLimits(max_events=1),
    SpanLimits(max_events=0),
    SpanLimits(max_event_attributes=1),
    SpanLimits(max_attribute_length=5),
    SpanLimits(max_span_attribute_length=3),
    SpanLimits(max_links=0),
]


@pytest.mark.parametrize("limits", LIMITS, ids=range(len(LIMITS)))
def test_span_limits_cost_spans_never_the_file(tmp_path: Path, limits: SpanLimits) -> None:
    """The file is whole; what comes back from the spans is it, or says that it is not whole."""
    captured, spans = SpanList(), []
    provider = TracerProvider(span_limits=limits, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(captured))
    runtime = Runtime(tmp_path, tracer_provider=provider)
    with runtime.run("answer", "Answer a ticket", {"ticket": 7}) as run:
        for _ in range(3):
            decision_id = run.decide("Choose", OPTIONS, "mail", "It is night", context={"hour": 23})
            run.record_outcome(decision_id, False, {"sent": True}, "busy")
            run.report_problem("critical", "Line is down", decision_id)
    spans = [span_record(span) for span in captured.spans]
    data = (tmp_path / "runs" / f"{run.id}.json").read_bytes()

    assert 3 == json.loads(data)["metrics"]["failed_decisions"]
    if any(run_id_of(span.attributes) for span in spans):
        decoded = decode_run(spans)
        assert decoded.is_whole == (decoded.data == data)


def test_identity_survives_a_small_attribute_limit(tmp_path: Path) -> None:
    """What every span carries is set last, so that the limit evicts something else."""
    captured = SpanList()
    provider = TracerProvider(span_limits=SpanLimits(max_span_attributes=2), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(captured))
    with Runtime(tmp_path, tracer_provider=provider).run("answer") as run:
        run.quick_decision("i", "a", "r")

    assert [{semconv.RUN_ID: run.id, semconv.FORMAT: 1}] * 2 == [dict(span.attributes or {}) for span in captured.spans]


def test_without_storage_there_are_spans_only() -> None:
    """A Runtime without storage records spans and writes nothing."""
    captured = CapturedRuns()
    run_id = captured.runtime.start_run("answer")
    captured.runtime.end_run(True)

    assert captured.runtime.storage is None
    assert captured.decoded(run_id).is_whole


def test_set_node_holds_for_later_runs(runs: CapturedRuns) -> None:
    """The node stays set until it is set again, in this run and the next."""
    runtime = runs.runtime
    runtime.set_node("first")
    run_ids = [runtime.start_run("a")]
    runtime.decide("i", OPTIONS, "mail", "r")
    runtime.set_node("second")
    runtime.decide("i", OPTIONS, "mail", "r")
    runtime.end_run(True)
    run_ids.append(runtime.start_run("b"))
    runtime.decide("i", OPTIONS, "mail", "r")
    runtime.end_run(True)

    nodes = [[decision["node_id"] for decision in file_of(runs, run_id)["decisions"]] for run_id in run_ids]
    assert nodes == [["first", "second"], ["second"]]


def test_start_run_ends_the_own_open_run_as_cancelled(runs: CapturedRuns) -> None:
    """A run that was forgotten is saved, not overwritten."""
    first = runs.runtime.start_run("a")
    second = runs.runtime.start_run("b")
    runs.runtime.end_run(True)

    assert [file_of(runs, run_id)["status"] for run_id in (first, second)] == ["cancelled", "completed"]


@pytest.mark.usefixtures("contained_faults")
def test_full_storage_costs_the_agent_nothing(runs: CapturedRuns, caplog: pytest.LogCaptureFixture) -> None:
    """A storage that cannot be written is counted and logged; the trace is there all the same."""
    storage = runs.runtime.storage
    assert storage is not None
    for folder in (storage.base_path / "runs", storage.base_path):
        for path in folder.iterdir():
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()
    (storage.base_path / "runs").write_text("no folder any more")
    run_id = runs.runtime.start_run("a")
    runs.runtime.end_run(True)

    assert runs.decoded(run_id).is_whole
    assert runs.runtime.health() == {"run file late": 1}
    assert f"{run_id}.json cannot be written now" in caplog.text
    (storage.base_path / "runs").unlink()  # what waits can be written again


@pytest.mark.parametrize(
    "arguments", [{"parent": "sibling"}, {"span_names": "all"}, {"tracer_provider": "otlp"}, {"parent": ""}]
)
def test_misuse_of_the_constructor_raises_at_once(tmp_path: Path, arguments: dict[str, Any]) -> None:
    """A wrong argument is refused with the legal words."""
    with pytest.raises(runspan.errors.ConfigError, match=next(iter(arguments))):
        Runtime(tmp_path, **arguments)


def test_storage_path_that_is_a_file_raises_at_once(tmp_path: Path) -> None:
    """The message says what is in the way."""
    path = tmp_path / "taken"
    path.write_text("x")
    with pytest.raises(ValueError, match="taken"):
        Runtime(path)


def test_repr_shows_no_content(runs: CapturedRuns) -> None:
    """Ids and states only."""
    with runs.runtime.run("secret goal") as run, run.decision("secret", OPTIONS, "mail", "r") as decision:
        shown = f"{runs.runtime!r} {run!r} {decision!r}"

    assert "secret" not in shown
    assert run.id in shown
