"""Tracing set up in one call, for an application that has none or wants run files beside its own.

The only place that sets a global, and only when the application calls it. Knows no run.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from runspan.errors import ConfigError
from runspan.exporter import DeliveringProcessor, RunFileExporter
from runspan.health import PROCESS, contained
from runspan.interchange import Recovered, recover_into
from runspan.journal import StoredJournals, forget_kept
from runspan.runtime import abandon_open_runs
from runspan.settings import read_settings
from runspan.storage import FileStorage

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.sdk.trace import SpanProcessor

__all__ = ["configure", "recover", "shutdown"]

_logger = logging.getLogger("runspan.config")

_TRACES_PATH: Final = "/v1/traces"
_MAX_BATCH: Final = 64
"""Spans in one OTLP request: 64 spans of 256 KiB fit the 20 MiB that the Collector takes over HTTP."""

_SHUTDOWN_S: Final = 2.0
_EXIT_S: Final = 1.7
"""So that the whole exit takes two seconds at most, the interpreter's own end included."""


def configure(
    service_name: str | None = None,
    *,
    storage: str | os.PathLike[str] | None = None,
    endpoint: str | None = None,
    tracer_provider: trace.TracerProvider | None = None,
) -> TracerProvider:
    """Set tracing up: OTLP over HTTP out, and run files if a storage is given.

    Where the application has a provider (given here, or set globally) this adds to it and replaces nothing: run files
    if `storage` is given, OTLP only if `endpoint` is. Otherwise it makes a provider and sets it globally; that one is
    flushed at exit within 2 seconds, however its collector fares. Calling it again with the same arguments adds
    nothing.

    Args:
        service_name: `service.name` of a new provider's resource; else `OTEL_SERVICE_NAME`.
        storage: Folder for run files; None for none.
        endpoint: Address of an OTLP/HTTP receiver (`http://localhost:4318`); None for the `OTEL_EXPORTER_OTLP_*`
            variables.
        tracer_provider: Provider to add to.

    Returns:
        The provider, new or added to.

    Raises:
        ConfigError: An argument cannot be used.
    """
    existing = _existing(tracer_provider)
    provider = existing or _new_provider(service_name)
    # Files first: at exit processors are shut down in this order, and a collector that is down takes all the time.
    if storage is not None:
        exporter = RunFileExporter(storage)
        _add(provider, "files", str(exporter.storage.base_path), lambda: BatchSpanProcessor(exporter))
    if endpoint is not None or existing is None:
        _add(provider, "otlp", endpoint, lambda: _otlp_processor(endpoint))
    if existing is None:
        trace.set_tracer_provider(provider)
        _AT_EXIT.watch(provider)
    if endpoint is not None or existing is None:
        _recover_soon(storage, endpoint)
    return provider


def _recover_soon(storage: str | os.PathLike[str] | None, endpoint: str | None) -> None:
    """Finish in the background what dead processes left in the storage of this application, if there is anything."""
    path = storage or read_settings().storage
    if path is not None and StoredJournals(Path(path)).is_needed():
        threading.Thread(target=_recover, args=(path, endpoint), name="runspan-resend", daemon=True).start()


def _recover(path: str | os.PathLike[str], endpoint: str | None) -> None:
    with contained("recovery", PROCESS):
        recover(path, endpoint=endpoint)


def _existing(given: trace.TracerProvider | None) -> TracerProvider | None:
    """Return the provider to add to; None where the application has none yet."""
    provider = given if given is not None else trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        return provider
    if given is not None or not isinstance(provider, trace.ProxyTracerProvider):
        msg = f"tracer_provider={provider!r} takes no span processors: give an opentelemetry.sdk.trace.TracerProvider"
        raise ConfigError(msg)
    return None


def _new_provider(service_name: str | None) -> TracerProvider:
    attributes = {SERVICE_NAME: service_name} if service_name else {}
    return TracerProvider(resource=Resource.create(attributes), shutdown_on_exit=False)


def _add(provider: TracerProvider, kind: str, target: str | None, make: Callable[[], SpanProcessor]) -> None:
    """Add a processor, unless this provider has one of the kind to the same target from us."""
    added: set[tuple[str, str | None]] = provider.__dict__.setdefault("_runspan_added", set())
    if (kind, target) not in added:
        added.add((kind, target))
        provider.add_span_processor(make())


def _otlp_processor(endpoint: str | None) -> SpanProcessor:
    return DeliveringProcessor(OTLPSpanExporter(endpoint=_full(endpoint)), max_batch=_MAX_BATCH)


def _full(endpoint: str | None) -> str | None:
    """Return the address with the path that the exporter wants; a base address has none yet."""
    if endpoint is None:
        return None
    if not endpoint.startswith(("http://", "https://")):
        msg = f"endpoint={endpoint!r}: must begin with http:// or https://, like http://localhost:4318"
        raise ConfigError(msg)
    return endpoint if endpoint.rstrip("/").endswith(_TRACES_PATH) else endpoint.rstrip("/") + _TRACES_PATH


def recover(
    storage: str | os.PathLike[str], *, endpoint: str | None = None, send: bool = True, force: bool = False
) -> Recovered:
    """Finish what dead processes left in a storage: write the run files, then send the spans that may not have left.

    Spans go out with the ids, resource and scope they had, so that a backend that has some of them already shows one
    finished trace. Processes that live are left alone.

    Args:
        storage: The storage's folder.
        endpoint: Address of an OTLP/HTTP receiver; None for the `OTEL_EXPORTER_OTLP_*` variables.
        send: Whether to send spans; otherwise their journals stay until somebody does.
        force: Also take journals of other hosts, and on file systems that other machines share.

    Returns:
        What was found and done.

    Raises:
        ConfigError: The storage is no folder, or `endpoint` no address.
    """
    exporter = OTLPSpanExporter(endpoint=_full(endpoint)) if send else None
    try:
        return recover_into(FileStorage(storage), exporter, force=force)
    finally:
        if exporter is not None:
            exporter.shutdown()  # type: ignore[no-untyped-call]


def shutdown(timeout_s: float = _SHUTDOWN_S) -> bool:
    """Flush and shut down what `configure` has made; it takes no more spans.

    Args:
        timeout_s: Most seconds to wait; a collector that is down cannot hold the process longer.

    Returns:
        Whether everything was flushed in time.
    """
    return _AT_EXIT.finish(timeout_s)


class _AtExit:
    """Shuts providers down on a thread that is there before the interpreter stops making new ones."""

    def __init__(self) -> None:
        self._providers: list[TracerProvider] = []
        self._is_registered = False
        self._renew()

    def _renew(self) -> None:
        self._wanted = threading.Event()
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, provider: TracerProvider) -> None:
        """Shut a provider down at exit."""
        self._providers.append(provider)
        if not self._is_registered:
            self._is_registered = True
            atexit.register(self._exit)
            if hasattr(os, "register_at_fork"):
                os.register_at_fork(after_in_child=self._after_fork)
        self._start()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._wait, name="runspan-exit", daemon=True)
            self._thread.start()

    def _after_fork(self) -> None:
        self._renew()
        if self._providers:
            self._start()

    def _exit(self) -> None:
        abandon_open_runs()  # while their spans can still be sent
        self.finish(_EXIT_S)

    def _wait(self) -> None:
        self._wanted.wait()
        for provider in self._providers:
            try:
                provider.shutdown()
            except Exception:
                _logger.exception("a provider could not be shut down")
        if all(map(_has_delivered_all, self._providers)):
            forget_kept()
        self._done.set()

    def finish(self, timeout_s: float) -> bool:
        """Shut all of them down now; return whether that was done in time."""
        if self._thread is None:
            return True
        self._wanted.set()
        in_time = self._done.wait(timeout_s)
        if in_time:
            self._providers.clear()
            self._renew()
        return in_time


def _has_delivered_all(provider: TracerProvider) -> bool:
    """Whether a provider's receivers have all its spans; a journal serves for what they have not."""
    processors = provider._active_span_processor._span_processors  # noqa: SLF001 - the SDK gives no way to ask
    return all(each.has_delivered_all for each in processors if isinstance(each, DeliveringProcessor))


_AT_EXIT: Final = _AtExit()
