"""A run that has everything, recorded under whatever the environment says of tracing.

`python -m tests.reliability.limited STORAGE [none]`; with `none` the SDK cannot be imported.
"""

from __future__ import annotations

import itertools
import sys
from typing import TYPE_CHECKING, Final

from runspan import Runtime

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

__all__ = ["record"]

OPTIONS: Final = [
    {"id": "a", "description": "A" * 300, "action_params": {"deep": [1, {"x": "ü" * 50}]}, "pros": ["quick"]},
    {"id": "b", "description": "B", "cons": ["slow", "dear"], "confidence": 0.9},
]
PROBLEMS: Final = 40
NOON: Final = 1_795_435_200_000_000_000


class Steps:
    """A clock that goes a millisecond further each time it is read; it needs no SDK."""

    def __init__(self) -> None:
        """Begin at noon."""
        self._reads = itertools.count(1)

    def wall_ns(self) -> int:
        """The instant at which it began."""
        return NOON

    def monotonic_ns(self) -> int:
        """One step further."""
        return next(self._reads) * 1_000_000


def record(storage: str, tracer_provider: TracerProvider | None = None) -> str:
    """Record the run; return its id."""
    runtime = Runtime(storage, tracer_provider=tracer_provider, clock=Steps(), run_digits=lambda: "00000001")
    with runtime.run("limits", "Be whole", {"order": list(range(50)), "text": "ü" * 500}, session_id="s") as run:
        for step in range(8):
            with runtime.decision(f"outer {step}", OPTIONS, "a", "because " * 30, node_id="n", context={"s": step}):
                inner = runtime.decide("inner", OPTIONS, "b", "r", constraints=["c"] * 5)
                runtime.record_outcome(inner, step % 2 == 0, {"n": [step] * 20}, "no" * 90, "s" * 200, {"k": 1}, 7, 9)
        for number in range(PROBLEMS):
            runtime.report_problem("critical", f"problem {number}", f"dec_{number % 20}", "cause", "fix")
        run.end_run(False, "it went wrong", {"out": "x" * 300})
    return run.id


def main(storage: str, sdk: str = "installed") -> None:
    """Record it with the provider that the environment describes."""
    if sdk == "none":
        sys.modules["opentelemetry.sdk"] = None  # type: ignore[assignment]
        record(storage)
        return
    from opentelemetry.sdk.trace import TracerProvider as SdkProvider  # noqa: PLC0415 - it may be blocked

    record(storage, SdkProvider(shutdown_on_exit=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
