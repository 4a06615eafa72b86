"""Traces in a Jaeger as spans, over `/api/v3`. Knows no run.

That API has no pages: of a time range it gives at most so many traces. A range that may hold more is halved, until
what comes back is surely all there is.
See https://www.jaegertracing.io/docs/latest/architecture/apis/.
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode, urlsplit

from runspan.errors import BackendError, ConfigError
from runspan.interchange._account import Account
from runspan.interchange._otlp_json import MAX_DOCUMENT_BYTES, has_traces, parse_document, read_otlp_json
from runspan.interchange._suppressed import suppressed
from runspan.values import loads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from runspan.mapping import SpanRecord

__all__ = ["Jaeger"]

_TIMEOUT_S: Final = 60.0
_MOST_TRACES: Final = 50
"""Traces in one answer: more than that, and the range is halved."""
_SHORTEST: Final = timedelta(microseconds=1)
_MOST_AT_ONCE: Final = 100_000
"""Traces that may begin in the same microsecond."""
_MAX_ANSWER: Final = 4 * MAX_DOCUMENT_BYTES
_NOT_FOUND: Final = 404
_MOST_SAID: Final = 4_096
"""Bytes of an error's text that are looked at."""


class Jaeger:
    """Reads a Jaeger 2."""

    url: str
    """Address of its API and pages, as `http://localhost:16686`."""

    def __init__(self, url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = _TIMEOUT_S) -> None:
        """Name it; nothing is asked yet.

        Args:
            url: Address of its API and pages, with its base path if it has one.
            headers: To send along, for what stands before it: `{"Authorization": "Bearer …"}`.
            timeout_s: Most seconds to wait for a part of an answer.

        Raises:
            ConfigError: It is no such address.
        """
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
            raise ConfigError(f"{url!r} must be an address that begins with http:// or https://")
        self.url = url.rstrip("/")
        self._headers = dict(headers or {})
        self._timeout_s = timeout_s

    def __repr__(self) -> str:
        """Show where it is."""
        return f"<Jaeger {self.url}>"

    def services(self) -> list[str]:
        """Return the names of the services that sent spans, sorted.

        Raises:
            BackendError: It does not answer, or not as documented.
        """
        answer = self._ask("/api/v3/services", {})
        names = answer.get("services") if isinstance(answer, dict) else None
        return sorted(name for name in names or () if isinstance(name, str))

    def spans_of(self, trace_ids: Iterable[str], *, account: Account | None = None) -> Iterator[SpanRecord]:
        """Give the spans of traces, one trace after the other.

        Args:
            trace_ids: 32 hex digits each.
            account: Where a trace that is not there, or a span that cannot be read, is noted.

        Raises:
            BackendError: It does not answer, or not as documented.
        """
        account = account if account is not None else Account()
        for trace_id in trace_ids:
            path = f"/api/v3/traces/{quote(trace_id, safe='')}"
            answer = self._ask(path, {}, account=account)
            if answer is None:
                account.skip(self.url, f"trace {trace_id}", "there is no such trace")
            else:
                yield from self._spans(answer, f"trace {trace_id}", account)

    def search(
        self, service: str, start: datetime, end: datetime | None = None, *, account: Account | None = None
    ) -> Iterator[SpanRecord]:
        """Give the spans of all traces in which a service took part in a time range, the latest last.

        Args:
            service: Its `service.name`.
            start: Beginning of the range; naive ones count as local time.
            end: End of the range; now if it is not given.
            account: Where a span that cannot be read is noted.

        Raises:
            BackendError: It does not answer, or not as documented.
        """
        account = account if account is not None else Account()
        ranges = [(start.astimezone(UTC), (end or datetime.now(UTC)).astimezone(UTC))]
        while ranges:
            first, last = ranges.pop()
            is_shortest = last - first <= _SHORTEST
            most = _MOST_AT_ONCE if is_shortest else _MOST_TRACES
            answer = self._found(service, first, last, most, account)
            if answer is not None and (is_shortest or _count(answer) < most):
                yield from self._spans(answer, f"from {_moment(first)} to {_moment(last)}", account)
            elif not is_shortest:
                middle = first + (last - first) / 2
                ranges += [(middle, last), (first, middle)]
            else:
                account.skip(self.url, f"at {_moment(first)}", f"more than {_MAX_ANSWER // 2**20} MiB at one instant")

    def _found(self, service: str, first: datetime, last: datetime, most: int, account: Account) -> Any:
        """Return the traces of a range, at most so many; None where they are too large for one answer."""
        # Jaeger has renamed these since; each release passes over the names it does not know.
        query = {
            **dict.fromkeys(("query.service_name", "query.serviceName"), service),
            **dict.fromkeys(("query.start_time_min", "query.startTimeMin"), _moment(first)),
            **dict.fromkeys(("query.start_time_max", "query.startTimeMax"), _moment(last)),
            **dict.fromkeys(("query.num_traces", "query.searchDepth", "query.search_depth"), str(most)),
        }
        try:
            answer = self._ask("/api/v3/traces", query, account=account)
        except _TooLargeError:
            return None
        return {} if answer is None else answer

    def _spans(self, answer: Any, place: str, account: Account) -> Iterator[SpanRecord]:
        if not has_traces(answer):
            return
        account.documents += 1
        yield from read_otlp_json(answer, on_bad=lambda error: account.skip(self.url, place, error))

    def _ask(self, path: str, query: Mapping[str, str], *, account: Account | None = None) -> Any:
        """Return an answer, parsed; None for 404."""
        url = f"{self.url}{path}" + (f"?{urlencode(query)}" if query else "")
        request = urllib.request.Request(url, headers={"Accept": "application/json", **self._headers})  # noqa: S310 - the constructor takes http and https only
        try:
            with suppressed(), urllib.request.urlopen(request, timeout=self._timeout_s) as answer:  # noqa: S310
                data = answer.read(_MAX_ANSWER + 1)
        except urllib.error.HTTPError as exc:
            said = exc.read(_MOST_SAID)
            if exc.code == _NOT_FOUND and _is_of_jaeger(said):
                return None
            told = said[:200].decode(errors="replace")
            raise BackendError(f"{self.url} answers {exc.code} {exc.reason}: {told}", self.url) from exc
        except (OSError, http.client.HTTPException) as exc:
            reason = getattr(exc, "reason", None) or exc
            raise BackendError(
                f"{self.url} does not answer: {reason}. Is that the address of Jaeger?", self.url
            ) from exc
        if len(data) > _MAX_ANSWER:
            raise _TooLargeError(f"{url} answers with more than {_MAX_ANSWER // 2**20} MiB", self.url)
        if account is not None:
            account.bytes_read += len(data)
        return self._parsed(data)

    def _parsed(self, data: bytes) -> Any:
        try:
            return parse_document(data)
        except ValueError as exc:
            raise BackendError(
                f"{self.url} answers with no JSON: {exc}. Is that the address of Jaeger?", self.url
            ) from exc


class _TooLargeError(BackendError):
    """An answer that would not fit into memory."""


def _is_of_jaeger(said: bytes) -> bool:
    """Whether Jaeger says that it has found nothing, `{"error":{"httpCode":404,…}}`, or a server that is none.

    Its content type does not tell: it calls all its JSON plain text.
    """
    try:
        told = loads(said)
    except ValueError:
        return False
    error = told.get("error") if isinstance(told, dict) else None
    return isinstance(error, dict) and error.get("httpCode") == _NOT_FOUND


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _count(answer: Any) -> int:
    """Count the traces in an answer."""
    if not has_traces(answer):
        return 0
    return len({span.trace_id for span in read_otlp_json(answer, on_bad=lambda _: None)})
