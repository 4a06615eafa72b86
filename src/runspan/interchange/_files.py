"""Files of traces as spans: OTLP JSON lines, framed messages, one protobuf message. Knows no run.

What a file is its beginning tells, never its name. Any part that cannot be read is skipped and told of; the rest is
read. No more than one document is in memory, and none larger than 64 MiB.
"""

from __future__ import annotations

import io
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from runspan.errors import InterchangeError
from runspan.interchange._account import Account
from runspan.interchange._bytes import ZSTD_MAGIC, unpacked, unpacked_message
from runspan.interchange._otlp_json import MAX_DOCUMENT_BYTES, has_traces, parse_document, read_otlp_json
from runspan.interchange._otlp_protobuf import read_otlp_protobuf, read_resource_spans, varint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from runspan.mapping import SpanRecord

__all__ = ["read_spans"]

_SKIPPED_AT_ONCE: Final = 1024 * 1024
_FRAME: Final = 4
_FIRST_FIELD: Final = 0x0A  # resource_spans, which is all there is in TracesData
_OPENING: Final = 64
_BLANK: Final = b" \t\r\n\0\xef\xbb\xbf"


def read_spans(
    source: str | os.PathLike[str] | BinaryIO, *, name: str | None = None, account: Account | None = None
) -> Iterator[SpanRecord]:
    """Give the spans of a file.

    Read are: OTLP JSON, a document a line, as the Collector's file exporter writes it, or one document over many lines;
    OTLP protobuf, one `TracesData`, or the Collector's messages with their lengths; each of them also compressed by
    gzip or zstd, whole or message by message.

    Args:
        source: A path, or a stream of bytes, which stays open.
        name: What the input is called in `account`.
        account: Where what cannot be read is noted, and how much has been read so far.

    Raises:
        InterchangeError: It holds no traces at all, or cannot be unpacked.
        MissingExtraError: It is zstd, and there is nothing to read that with.
        OSError: It cannot be read.
    """
    account = account if account is not None else Account()
    if isinstance(source, str | os.PathLike):
        with Path(source).open("rb") as stream:
            yield from _Input(stream, name or os.fspath(source), account).spans()
    else:
        yield from _Input(source, name or getattr(source, "name", None) or "input", account).spans()


class _Input:
    def __init__(self, stream: BinaryIO, name: str, account: Account) -> None:
        self._stream = stream
        self._name = name
        self._account = account
        self._place = ""

    def spans(self) -> Iterator[SpanRecord]:
        before = self._account.documents
        is_empty = True
        with self._unpacking():
            data = unpacked(self._stream, self._count)
            head = data.peek(_FRAME + len(ZSTD_MAGIC))
            is_empty = not head
            # Lists, because each span would pass through as many generators as there are layers here.
            for spans in self._messages(data, head):
                yield from spans
        if self._account.documents == before and not is_empty and not self._account.unfinished:
            raise InterchangeError(f"{self._name} holds no traces: it is neither OTLP JSON nor OTLP protobuf")

    def _count(self, size: int) -> None:
        self._account.bytes_read += size

    @contextmanager
    def _unpacking(self) -> Iterator[None]:
        """Take an end in the middle as what it is: a file that is still being written, or was cut off."""
        try:
            yield
        except EOFError:
            self._account.unfinished += 1
        except InterchangeError as exc:
            raise InterchangeError(f"{self._name}: {exc}") from exc

    def _messages(self, data: io.BufferedReader, head: bytes) -> Iterator[list[SpanRecord]]:
        if head[:1] and head[0] == _FIRST_FIELD and not head.lstrip(_BLANK).startswith((b"{", b"[")):
            yield from self._protobuf(data)
        elif _is_framed(head):
            yield from self._framed(data)
        else:
            yield from self._lines(data)

    # JSON.

    def _lines(self, data: io.BufferedReader) -> Iterator[list[SpanRecord]]:
        for number, line in enumerate(_raw_lines(data), 1):
            self._place = f"line {number}"
            if len(line) > MAX_DOCUMENT_BYTES:
                self._bad(f"longer than {MAX_DOCUMENT_BYTES // 2**20} MiB")
            else:
                yield self._json(line, is_whole=line.endswith(b"\n"))

    def _json(self, data: bytes, *, is_whole: bool) -> list[SpanRecord]:
        data = data.strip(_BLANK)
        if not data:
            return []
        try:
            document = parse_document(data)
        except ValueError as exc:
            if is_whole:
                self._bad(f"no JSON: {exc}")
            else:
                self._account.unfinished += 1
            return []
        if not has_traces(document):
            self._account.other_documents += 1
            return []
        self._account.documents += 1
        return list(read_otlp_json(document, on_bad=self._bad))

    def _bad(self, reason: object) -> None:
        self._account.skip(self._name, self._place, reason)

    # Protobuf, and messages with their lengths.

    def _framed(self, data: io.BufferedReader) -> Iterator[list[SpanRecord]]:
        number = 0
        while head := data.read(_FRAME):
            number += 1
            self._place = f"message {number}"
            size = int.from_bytes(head, "big")
            if size > MAX_DOCUMENT_BYTES:
                self._bad(f"of {size:,} bytes, more than {MAX_DOCUMENT_BYTES // 2**20} MiB")
                _skip(data, size)
                continue
            message = data.read(size)
            if len(head) < _FRAME or len(message) < size:
                self._account.unfinished += 1
                return
            yield self._message(message)

    def _message(self, message: bytes) -> list[SpanRecord]:
        if message.startswith(ZSTD_MAGIC):
            try:
                message = unpacked_message(message, MAX_DOCUMENT_BYTES)
            except InterchangeError as exc:
                self._bad(exc)
                return []
        if message.lstrip(_BLANK).startswith(b"{"):
            return self._json(message, is_whole=True)
        return self._counted(list(read_otlp_protobuf(message, on_bad=self._bad)))

    def _protobuf(self, data: io.BufferedReader) -> Iterator[list[SpanRecord]]:
        """Read one `TracesData` part by part: it may be larger than memory."""
        number = 0
        while head := data.peek(1)[:11]:
            number += 1
            self._place = f"resource spans {number}"
            if head[0] != _FIRST_FIELD:
                raise InterchangeError("after some OTLP protobuf there is something else")
            size = _size_of(data)
            if size is None:
                self._account.unfinished += 1
                return
            if size > MAX_DOCUMENT_BYTES:
                self._bad(f"of {size:,} bytes, more than {MAX_DOCUMENT_BYTES // 2**20} MiB")
                _skip(data, size)
                continue
            part = data.read(size)
            if len(part) < size:
                self._account.unfinished += 1
                return
            yield self._counted(list(read_resource_spans(part, on_bad=self._bad)))

    def _counted(self, spans: list[SpanRecord]) -> list[SpanRecord]:
        """Count a document in which there is a span; protobuf says no more of what it is."""
        self._account.documents += bool(spans)
        return spans


def _raw_lines(data: io.BufferedReader) -> Iterator[bytes]:
    """Give the lines of an input; a document over many lines as if it were one. Of a line too long its beginning."""
    first = data.readline(MAX_DOCUMENT_BYTES + 1)
    if _opens(first):
        first += data.read(MAX_DOCUMENT_BYTES - len(first))
        if not data.peek(1) and _is_json(first):
            yield first
            return
        first += data.readline(MAX_DOCUMENT_BYTES)
        yield from io.BytesIO(first)
        first = data.readline(MAX_DOCUMENT_BYTES + 1)
    line = first
    while line:
        yield line
        rest = line
        while len(line) > MAX_DOCUMENT_BYTES and rest and not rest.endswith(b"\n"):
            rest = data.readline(_SKIPPED_AT_ONCE)
        line = data.readline(MAX_DOCUMENT_BYTES + 1)


def _opens(line: bytes) -> bool:
    """Whether a first line may be the beginning of a document that goes on over more lines."""
    text = line.strip(_BLANK)
    return len(text) <= _OPENING and text.startswith((b"{", b"[")) and not _is_json(text)


def _is_json(data: bytes) -> bool:
    try:
        parse_document(data.strip(_BLANK))
    except ValueError:
        return False
    return True


def _is_framed(head: bytes) -> bool:
    content = head[_FRAME:]
    has_content = content.startswith(ZSTD_MAGIC) or content[:1] in {b"\x0a", b"{"}
    return has_content and int.from_bytes(head[:_FRAME], "big") <= MAX_DOCUMENT_BYTES


def _size_of(data: io.BufferedReader) -> int | None:
    """Read tag and length of a field; None where they are cut short."""
    head = bytearray(data.read(2))
    while head and head[-1] > 0x7F and len(head) < 11:  # noqa: PLR2004 - the highest bit says that more follow
        more = data.read(1)
        if not more:
            return None
        head += more
    try:
        return varint(bytes(head), 1)[0]
    except ValueError:
        return None


def _skip(data: io.BufferedReader, size: int) -> None:
    while size > 0 and (chunk := data.read(min(size, _SKIPPED_AT_ONCE))):
        size -= len(chunk)
