"""Is everything set up: settings, storage, the OTLP receiver, Jaeger, versions; each finding with what to do about it.

Changes nothing, and sends one span. Knows no terminal.
"""

from __future__ import annotations

import os
import platform
import shutil
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult

from runspan import semconv
from runspan._version import __version__
from runspan.errors import BackendError, ConfigError, RunspanError
from runspan.files import is_local
from runspan.interchange import Jaeger, otlp_exporter, suppressed
from runspan.recovery import LiveRuns
from runspan.settings import SETTINGS, otlp_http_endpoint, otlp_protocol, read_settings, source_of
from runspan.storage import FileStorage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runspan.settings import Settings

__all__ = ["Finding", "State", "examine"]

_PACKAGES: Final = ("opentelemetry-api", "opentelemetry-sdk", "orjson", "google-re2", "pydantic")
_LEAST_FREE_BYTES: Final = 200 * 1024 * 1024
_PATIENCE_S: Final = 10.0
_PAUSE_S: Final = 0.2


class State(StrEnum):
    """How a finding is to be taken."""

    GOOD = "good"
    """As it should be."""
    NOTE = "note"
    """Works, and may not be what was meant."""
    BAD = "bad"
    """Does not work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    what: str
    """Its name: `setting parent`, `storage`, `receiver`."""
    state: State
    told: str
    """What was found."""
    fix: str = ""
    """What to do about it; empty where nothing is wrong."""


def examine(storage: Path, *, patience_s: float = _PATIENCE_S) -> Iterator[Finding]:
    """Give what there is to say, one finding after the other.

    Args:
        storage: Folder of the run files.
        patience_s: Seconds until a span that was taken has to be in Jaeger.
    """
    yield _versions()
    settings = None
    try:
        settings = read_settings()
    except ConfigError as exc:
        yield Finding(
            what="settings", state=State.BAD, told=str(exc), fix="Set the variable to one of these, or unset it."
        )
    if settings is not None:
        yield from _settings(settings)
    yield from _storage(storage)
    trace_id = None
    for finding, sent in _receiver():
        trace_id = sent
        yield finding
    if settings is not None:
        yield _jaeger(settings.jaeger_url, trace_id, patience_s)


def _versions() -> Finding:
    told = [f"runspan {__version__}", f"Python {platform.python_version()}"]
    for package in _PACKAGES:
        try:
            told.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            told.append(f"{package}: not installed as a package")
    return Finding(what="versions", state=State.GOOD, told=", ".join(told))


def _settings(settings: Settings) -> Iterator[Finding]:
    for setting in SETTINGS:
        value = getattr(settings, setting.name)
        told = f"{'none' if value is None else value} ({source_of(setting)})"
        yield Finding(what=f"setting {setting.name}", state=State.GOOD, told=told)


def _storage(path: Path) -> Iterator[Finding]:
    if not (path / "runs").is_dir():
        fix = "Give the agent's folder: --storage DIR, RUNSPAN_STORAGE, Runtime(storage_path=…)."
        yield Finding(what="storage", state=State.NOTE, told=f"{path} holds no runs yet", fix=fix)
        return
    try:
        storage = FileStorage(path)
        count = len(storage.list_all_runs())
        left = [run for run in LiveRuns(storage).look() if run.is_alive is False]
    except (RunspanError, OSError) as exc:
        yield Finding(
            what="storage", state=State.BAD, told=f"{path}: {exc}", fix="Look at its permissions and its disk."
        )
        return
    yield Finding(what="storage", state=State.GOOD, told=f"{path} holds {count:,} runs")
    if not os.access(path / "runs", os.W_OK):
        yield Finding(
            what="storage", state=State.BAD, told=f"{path}/runs cannot be written", fix="Give this user the right to."
        )
    if not is_local(path):
        told = f"{path} is on a file system that other machines share"
        yield Finding(what="storage", state=State.NOTE, told=told, fix="Indexes rely on flock: use a local disk.")
    free = shutil.disk_usage(path).free
    if free < _LEAST_FREE_BYTES:
        yield Finding(what="disk", state=State.NOTE, told=f"{free / 2**20:,.0f} MiB are free", fix="Make room.")
    if left:
        told = f"{len(left)} runs of processes that died are not finished: {left[0].run_id}, …"
        yield Finding(what="journals", state=State.BAD, told=told, fix=f"runspan recover --storage {path}")


def _receiver() -> Iterator[tuple[Finding, str | None]]:
    """Send one span; give what came of it, and the span's trace where it was taken."""
    address = otlp_http_endpoint() if otlp_protocol() != "grpc" else "the gRPC receiver"
    provider = TracerProvider(shutdown_on_exit=False)
    span = provider.get_tracer(semconv.SCOPE_NAME).start_span("runspan doctor")
    span.end()
    try:
        exporter = otlp_exporter()
        with suppressed():
            is_taken = exporter.export([span]) is SpanExportResult.SUCCESS  # type: ignore[list-item]  # the SDK's own
            exporter.shutdown()
    except (RunspanError, OSError) as exc:
        yield (
            Finding(what="receiver", state=State.BAD, told=str(exc), fix="Look at the OTEL_EXPORTER_OTLP_* variables."),
            None,
        )
        return
    if is_taken:
        yield (
            Finding(what="receiver", state=State.GOOD, told=f"{address} took a span"),
            f"{span.get_span_context().trace_id:032x}",
        )
        return
    fix = "Start a Collector (make jaeger, or collector-config), or set OTEL_EXPORTER_OTLP_ENDPOINT."
    yield (
        Finding(
            what="receiver", state=State.BAD, told=f"{address} takes no spans; run files are not affected", fix=fix
        ),
        None,
    )


def _jaeger(url: str | None, trace_id: str | None, patience_s: float) -> Finding:
    if url is None:
        fix = "Set RUNSPAN_JAEGER_URL to the address of its pages, for links and for import."
        return Finding(what="Jaeger", state=State.NOTE, told="is not configured", fix=fix)
    try:
        jaeger = Jaeger(url)
        services = jaeger.services()
        if trace_id is None:
            return Finding(what="Jaeger", state=State.GOOD, told=f"{url} answers, and knows {len(services)} services")
        ends, wait = time.monotonic() + patience_s, threading.Event()
        while not any(True for _ in jaeger.spans_of([trace_id])):
            if time.monotonic() > ends:
                fix = "Does the receiver send to this Jaeger? Look at the Collector's log."
                return Finding(
                    what="Jaeger", state=State.BAD, told=f"{url} does not show the span that was sent", fix=fix
                )
            wait.wait(_PAUSE_S)
    except (BackendError, ConfigError) as exc:
        return Finding(
            what="Jaeger", state=State.BAD, told=str(exc), fix="Correct RUNSPAN_JAEGER_URL, or start Jaeger."
        )
    return Finding(what="Jaeger", state=State.GOOD, told=f"{url} shows the span that was sent")
