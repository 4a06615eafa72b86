"""Both halves of recovery: run files rebuilt from the journals of dead processes, and their spans sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runspan.interchange._resend import journaled_spans, send
from runspan.journal import StoredJournals
from runspan.recovery import Found, rebuild, take_ended, tidy

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

    from runspan.storage import FileStorage

__all__ = ["Recovered", "recover_into"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What recovery found and did."""

    found: tuple[Found, ...]
    """Journals that were not ended: one row each."""
    sent: tuple[str, ...]
    """Ids of the runs whose spans were sent, all of them."""
    unsent: tuple[str, ...]
    """Ids of the runs whose spans the backend did not take; they are tried again next time."""


def recover_into(storage: FileStorage, exporter: SpanExporter | None, *, force: bool = False) -> Recovered:
    """Finish what dead processes left: write their run files, then send their spans.

    Args:
        storage: Where the journals are, and the files go.
        exporter: Takes the spans; None to leave them for later.
        force: Also take journals of other hosts, and on file systems that other machines share.

    Returns:
        What was found and done.

    Raises:
        StorageError: The storage cannot be read.
        OSError: The same, from the system.
    """
    found = rebuild(storage, force=force)
    journals = StoredJournals(storage.base_path)
    sent, unsent = ([], []) if exporter is None else _send_ended(journals, exporter)
    return Recovered(found=tuple(found), sent=tuple(sent), unsent=tuple(unsent))


def _send_ended(journals: StoredJournals, exporter: SpanExporter) -> tuple[list[str], list[str]]:
    sent: list[str] = []
    unsent: list[str] = []
    for run in take_ended(journals):
        # Once the backend has refused, the others wait: each would take as long to fail. With the SDK disabled there
        # are no spans to send.
        spans = [] if unsent else journaled_spans(run)
        if spans and send(spans, exporter):
            run.folder.remove(run.name)
            sent.append(run.start.id)
        else:
            unsent.append(run.start.id)
    tidy(journals)
    return sent, unsent
