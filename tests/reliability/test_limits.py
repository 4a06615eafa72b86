"""The native record is complete at every sampling rate, under every limit of the SDK, disabled and without it."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)

from tests.reliability.limited import record

if TYPE_CHECKING:
    from tests.reliability.tally import Tally


class RecordOnly(Sampler):
    """Spans record and are not exported."""

    def should_sample(self, *_arguments: Any, **_more: Any) -> SamplingResult:
        """Say so."""
        return SamplingResult(Decision.RECORD_ONLY)

    def get_description(self) -> str:
        """Its name."""
        return "record only"


class EverySecond(Sampler):
    """Samples every second span, whatever its parent: traces full of holes."""

    def __init__(self) -> None:
        """Begin with one that is sampled."""
        self._turns = itertools.cycle((Decision.RECORD_AND_SAMPLE, Decision.DROP))

    def should_sample(self, *_arguments: Any, **_more: Any) -> SamplingResult:
        """Say which."""
        return SamplingResult(next(self._turns))

    def get_description(self) -> str:
        """Its name."""
        return "every second"


SAMPLERS: Final[dict[str, Sampler]] = {
    "on": ALWAYS_ON,
    "off": ALWAYS_OFF,
    "none of them": TraceIdRatioBased(0.0),
    "a tenth": TraceIdRatioBased(0.1),
    "half": ParentBased(TraceIdRatioBased(0.5)),
    "all of them": ParentBased(TraceIdRatioBased(1.0)),
    "record only": RecordOnly(),
    "every second": EverySecond(),
}
SIZES: Final = (0, 1, 2, 5, 64)
LIMITS: Final = (
    "max_span_attributes",
    "max_events",
    "max_links",
    "max_event_attributes",
    "max_link_attributes",
    "max_attributes",
    "max_attribute_length",
    "max_span_attribute_length",
)
VARIABLES: Final = (
    "OTEL_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_SPAN_EVENT_COUNT_LIMIT",
    "OTEL_SPAN_LINK_COUNT_LIMIT",
)
ENVIRONMENTS: Final = [
    *({variable: str(size)} for variable in VARIABLES for size in (1, 8)),
    *({"OTEL_TRACES_SAMPLER": name} for name in ("always_off", "parentbased_always_off")),
    *({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": rate} for rate in ("0", "0.5")),
    {"OTEL_SDK_DISABLED": "true"},
]


def native(storage: Path, run_id: str = "run_20261123_120000_00000001") -> bytes:
    """A run file without the id of its trace, which is the tracing's and not the record's."""
    return re.sub(rb'\n  "trace_id": "[0-9a-f]{32}",?', b"", (storage / "runs" / f"{run_id}.json").read_bytes())


@cache
def whole() -> bytes:
    """The run file as it is without tracing."""
    with tempfile.TemporaryDirectory() as storage:
        return native(Path(storage), record(storage))


def test_reference_has_everything() -> None:
    """Sixteen decisions with outcomes, forty problems."""
    assert 16 == whole().count(b'"reasoning"')
    assert 40 == whole().count(b'"severity"')


@pytest.mark.guarantee(11)
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_sampling_changes_nothing(sampler: str, tmp_path: Path, tally: Tally) -> None:
    """Under any sampler, with any limit of any size."""
    limits = [SpanLimits()] + [SpanLimits(**{name: size}) for name in LIMITS for size in SIZES]
    for number, limit in enumerate(limits):
        storage = tmp_path / str(number)
        provider = TracerProvider(sampler=SAMPLERS[sampler], span_limits=limit, shutdown_on_exit=False)
        assert whole() == native(storage, record(str(storage), provider)), limit
    tally.note("combinations", len(limits))


@pytest.mark.guarantee(11)
@pytest.mark.parametrize(
    "environment", ENVIRONMENTS, ids=lambda variables: ",".join(f"{k}={v}" for k, v in variables.items())
)
def test_environment_changes_nothing(environment: dict[str, str], tmp_path: Path) -> None:
    """As an operator would set it."""
    subprocess.run(
        [sys.executable, "-m", "tests.reliability.limited", str(tmp_path)], env=os.environ | environment, check=True
    )
    assert whole() == native(tmp_path)


@pytest.mark.guarantee(11)
def test_no_sdk_changes_nothing(tmp_path: Path) -> None:
    """As where only the API is installed."""
    subprocess.run([sys.executable, "-m", "tests.reliability.limited", str(tmp_path), "none"], check=True)
    assert whole() == native(tmp_path)
