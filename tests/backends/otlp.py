"""OTLP JSON as the real programs write it, taken apart by the simplest means. Shares no code with runspan's reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["OTLP", "only_trace", "spans_in"]

OTLP = dict[str, Any]
"""One `TracesData` document: `{"resourceSpans": […]}`."""


def spans_in(document: OTLP) -> list[dict[str, Any]]:
    """All spans of a document, in its order."""
    return [
        span
        for resource in document.get("resourceSpans", [])
        for scope in resource.get("scopeSpans", [])
        for span in scope.get("spans", [])
    ]


def only_trace(documents: Iterable[OTLP], trace_id: str) -> OTLP:
    """One document with every span of one trace, each under its own resource and scope."""
    kept: list[dict[str, Any]] = []
    for resource in (resource for document in documents for resource in document.get("resourceSpans", [])):
        scopes = [
            {**scope, "spans": spans}
            for scope in resource.get("scopeSpans", [])
            if (spans := [span for span in scope.get("spans", []) if span["traceId"] == trace_id])
        ]
        if scopes:
            kept.append({**resource, "scopeSpans": scopes})
    return {"resourceSpans": kept}
