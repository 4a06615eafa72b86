"""runspan: what an AI agent decides, as OpenTelemetry traces and native run files.

`Runtime` records; `configure` sets tracing up for an application that has none; `RunFileExporter` writes run files of
spans; `FileStorage` reads and writes them; the models are what a file holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from runspan.health import health

if TYPE_CHECKING:
    from runspan._version import __version__
    from runspan.config import configure, recover, shutdown
    from runspan.exporter import RunFileExporter
    from runspan.models import (
        Decision,
        DecisionEvaluation,
        Option,
        Outcome,
        Problem,
        Run,
        RunMetrics,
        RunSummary,
    )
    from runspan.native import DecisionType, RunStatus
    from runspan.redaction import Redactor
    from runspan.runtime import OpenDecision, OpenRun, Runtime
    from runspan.storage import FileStorage

__all__ = [
    "Decision",
    "DecisionEvaluation",
    "DecisionType",
    "FileStorage",
    "OpenDecision",
    "OpenRun",
    "Option",
    "Outcome",
    "Problem",
    "Redactor",
    "Run",
    "RunFileExporter",
    "RunMetrics",
    "RunStatus",
    "RunSummary",
    "Runtime",
    "__version__",
    "configure",
    "health",
    "recover",
    "shutdown",
]

# Each is loaded when it is first asked for: pydantic's schemas and the SDK take long to load, and models and storage
# are of use to tools that have no OpenTelemetry at all.
_LAZY: Final = {
    "Decision": "runspan.models",
    "DecisionEvaluation": "runspan.models",
    "DecisionType": "runspan.native",
    "FileStorage": "runspan.storage",
    "OpenDecision": "runspan.runtime",
    "OpenRun": "runspan.runtime",
    "Option": "runspan.models",
    "Outcome": "runspan.models",
    "Problem": "runspan.models",
    "Run": "runspan.models",
    "RunFileExporter": "runspan.exporter",
    "RunMetrics": "runspan.models",
    "RunStatus": "runspan.native",
    "Redactor": "runspan.redaction",
    "RunSummary": "runspan.models",
    "Runtime": "runspan.runtime",
    "__version__": "runspan._version",
    "configure": "runspan.config",
    "recover": "runspan.config",
    "shutdown": "runspan.config",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its module the first time it is asked for."""
    if name not in _LAZY:
        msg = f"module 'runspan' has no attribute {name!r}"
        raise AttributeError(msg)
    import importlib  # noqa: PLC0415 - needed for this alone

    value = getattr(importlib.import_module(_LAZY[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
