"""Runs and losses as OpenTelemetry metrics, so that an operator sees them where he sees everything else.

Knows no open run: a run is counted once, when it has ended, from what its file says. Losses cost nothing until a reader
collects: that counter asks `health()` then.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from opentelemetry import metrics
from opentelemetry.metrics import Observation

from runspan import semconv
from runspan._version import __version__
from runspan.health import PROCESS
from runspan.native import parse_timestamp_ns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from opentelemetry.metrics import CallbackOptions, Histogram
    from opentelemetry.metrics import Counter as Sum

__all__ = ["count_run", "report_metrics"]

_MOST_NAMES: Final = 200
_MAX_NAME: Final = 200
_OTHER: Final = "_OTHER"
"""As semantic conventions call what is not told apart."""
_BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800)


class _Metrics:
    """The instruments of this process; a meter provider that is set later takes them over."""

    def __init__(self) -> None:
        self._is_made = False
        self._names: dict[str, set[str]] = {}
        self._runs: Histogram
        self._decisions: Histogram
        self._tokens: Sum

    def make(self) -> None:
        """Make them, once."""
        if self._is_made:
            return
        self._is_made = True
        meter = metrics.get_meter(semconv.SCOPE_NAME, __version__, schema_url=semconv.SCHEMA_URL)
        meter.create_observable_counter(
            semconv.METRIC_LOST,
            callbacks=[self.observe_losses],
            unit="{record}",
            description="Records lost, kept waiting or ignored, by cause.",
        )
        self._runs = meter.create_histogram(
            semconv.METRIC_RUN_DURATION,
            unit="s",
            description="How long runs took, and how many there were.",
            explicit_bucket_boundaries_advisory=_BUCKETS_S,
        )
        self._decisions = meter.create_histogram(
            semconv.METRIC_DECISION_DURATION,
            unit="s",
            description="How long it took from a decision to its outcome, and how many there were.",
            explicit_bucket_boundaries_advisory=_BUCKETS_S,
        )
        self._tokens = meter.create_counter(
            semconv.METRIC_TOKENS, unit="{token}", description="Tokens that outcomes say were spent."
        )

    @staticmethod
    def observe_losses(_: CallbackOptions) -> Iterable[Observation]:
        """Give the counts of `runspan.health()`."""
        return [Observation(times, {semconv.LOST_CAUSE: cause}) for cause, times in PROCESS.report().items()]

    def count(self, run: Mapping[str, Any]) -> None:
        """Count a run that has ended."""
        if not self._is_made or _is_nobodys(metrics.get_meter_provider()):
            return
        goal = {semconv.GOAL_ID: self._known("goal", run["goal_id"])}
        self._runs.record(run["duration_ms"] / 1e3, {**goal, semconv.RUN_STATUS: str(run["status"])})
        tokens: Counter[str] = Counter()
        for decision in _objects(run["decisions"]):
            node = self._known("node", decision.get("node_id"))
            outcome = decision.get("outcome")
            attributes = {**goal, semconv.NODE_ID: node, semconv.DECISION_OUTCOME: _word(outcome)}
            self._decisions.record(_seconds(decision, outcome), attributes)
            if isinstance(outcome, dict):
                tokens[node] += _positive(outcome.get("tokens_used"))
        for node, spent in tokens.items():
            if spent:
                self._tokens.add(spent, {**goal, semconv.NODE_ID: node})

    def _known(self, kind: str, name: object) -> str:
        """Return a name, as long as there are few: each makes a time series of its own."""
        names = self._names.setdefault(kind, set())
        text = str(name)[:_MAX_NAME]
        if text not in names and len(names) >= _MOST_NAMES:
            return _OTHER
        names.add(text)
        return text


def _is_nobodys(provider: object) -> bool:
    """Whether this is what the API has as long as nobody sets one up: it drops everything."""
    return type(provider).__module__.startswith("opentelemetry.metrics")


def _objects(items: object) -> Iterator[dict[str, Any]]:
    return (item for item in items if isinstance(item, dict)) if isinstance(items, list) else iter(())


def _word(outcome: object) -> str:
    if not isinstance(outcome, dict):
        return "missing"
    return "success" if outcome.get("success") is True else "failure"


def _seconds(decision: dict[str, Any], outcome: object) -> float:
    made = parse_timestamp_ns(decision.get("timestamp"))
    done = parse_timestamp_ns(outcome.get("timestamp")) if isinstance(outcome, dict) else None
    return max(0, done - made) / 1e9 if made is not None and done is not None else 0.0


def _positive(tokens: object) -> int:
    return tokens if type(tokens) is int and 0 < tokens < 2**53 else 0


_METRICS = _Metrics()


def report_metrics() -> None:
    """Have this process's runs and losses reported as metrics."""
    _METRICS.make()


def count_run(run: Mapping[str, Any]) -> None:
    """Count a run that has ended.

    Args:
        run: The native Run, as its file has it.
    """
    _METRICS.count(run)
