"""RunFileExporter: spans of runs become native run files, behind any processor of any provider."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from runspan.assembly import Assembler, Written, write_decoded
from runspan.exporter._spans import span_record
from runspan.health import PROCESS, Health
from runspan.settings import DEFAULT_STORAGE, read_settings
from runspan.storage import FileStorage

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from runspan.errors import UnsupportedFormatError
    from runspan.mapping import DecodedRun

__all__ = ["RunFileExporter"]

_logger = logging.getLogger("runspan.exporter")


class RunFileExporter(SpanExporter):
    """Writes each run whose spans pass by as a native run file.

    Spans may come in any order, batch and number of times, runs interleaved, foreign spans between them. A run is
    written as soon as it is whole; one whose spans stay away is written `incomplete` 10 s after its run span came, or
    at shutdown. A whole file that is there already is never overwritten. What waits is bounded (1,000 runs, 64 MiB).

    The entry point `runspan` of `opentelemetry_traces_exporter`: `OTEL_TRACES_EXPORTER=otlp,runspan` needs no code.
    See https://opentelemetry.io/docs/specs/otel/trace/sdk/#span-exporter.
    """

    def __init__(self, storage_path: str | os.PathLike[str] | None = None) -> None:
        """Open the storage.

        Args:
            storage_path: Folder for the run files; else `RUNSPAN_STORAGE`, else `.runspan`.

        Raises:
            ConfigError: The storage is no folder.
        """
        self.storage = FileStorage(storage_path or read_settings().storage or DEFAULT_STORAGE)
        self.losses = Health(PROCESS)
        self._lock = threading.Lock()  # guards _assembler: SimpleSpanProcessor calls export() from several threads
        self._assembler = Assembler(on_refused=self._refused)
        self._is_shut_down = False

    def __repr__(self) -> str:
        """Show where it writes."""
        return f"<RunFileExporter {self.storage.base_path}>"

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Take finished spans and write the runs that they complete. Never raises."""
        if self._is_shut_down:
            self.losses.warn(_logger, "export after shutdown", "%d spans came after shutdown; ignored", len(spans))
            return SpanExportResult.FAILURE
        try:
            records = [span_record(span) for span in spans]
            with self._lock:
                whole = self._write(self._assembler.add(records))
        except Exception as exc:  # noqa: BLE001 - an exporter must not raise, whatever a span holds
            self.losses.error(_logger, "export", exc, "%d spans could not be read", len(spans))
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS if whole else SpanExportResult.FAILURE

    def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002 - the interface's signature
        """Write ended runs that still wait for spans as they stand; later spans still improve them."""
        with self._lock:
            return self._write(self._assembler.settle())

    def shutdown(self) -> None:
        """Write everything that waits, and take no more."""
        with self._lock:
            if not self._is_shut_down:
                self._is_shut_down = True
                self._write(self._assembler.flush())

    def _write(self, decoded_runs: Iterable[DecodedRun]) -> bool:
        """Write runs; one that cannot be written does not keep the others."""
        results = [self._write_one(decoded) for decoded in decoded_runs]
        return all(results)

    def _write_one(self, decoded: DecodedRun) -> bool:
        try:
            written = write_decoded(self.storage, decoded)
        except Exception as exc:  # noqa: BLE001 - as in export
            self.losses.error(_logger, "run file", exc, "the file of run %s could not be written", decoded.run_id)
            return False
        if written is Written.KEPT and decoded.is_whole:
            message = "run %s is stored already and differs; the stored file stays"
            self.losses.warn(_logger, "different run file kept", message, decoded.run_id)
        return True

    def _refused(self, run_id: str, exc: UnsupportedFormatError) -> None:
        self.losses.error(_logger, "newer format", exc, "run %s was written by a newer runspan", run_id)
