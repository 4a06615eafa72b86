"""An input as bytes: unpacked on the way, within bounds, and counted. Knows nothing of what the bytes say."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from typing import TYPE_CHECKING, Any, Final

from runspan.errors import InterchangeError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

__all__ = ["ZSTD_MAGIC", "unpacked", "unpacked_message"]

ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_GZIP_MAGIC: Final = b"\x1f\x8b"

_HEAD: Final = 16
_BUFFER: Final = 1024 * 1024
_BOMB_BYTES: Final = 256 * 1024 * 1024
_BOMB_RATIO: Final = 2_000
"""gzip reaches 1,032 at most; zstd has no such end."""


class _Counted(io.RawIOBase):
    """Counts the bytes that are read."""

    def __init__(self, stream: BinaryIO, on_read: Callable[[int], None]) -> None:
        self._read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
        self._on_read = on_read
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._read(len(buffer))
        while self.count == 0 and 0 < len(data) < _HEAD and (more := self._read(_HEAD)):
            data += more  # a pipe may give less than it takes to tell what this is
        buffer[: len(data)] = data
        self.count += len(data)
        self._on_read(len(data))
        return len(data)


class _Unpacking(io.RawIOBase):
    """Unpacks, and stops at what only wants to be large."""

    def __init__(self, stream: Any, packed: _Counted, *wrong: type[Exception]) -> None:
        self._stream = stream
        self._packed = packed
        self._wrong = wrong
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._stream.read(len(buffer))
        except self._wrong as exc:
            raise InterchangeError(f"it cannot be unpacked: {exc}") from exc
        buffer[: len(data)] = data
        self._count += len(data)
        if self._count > max(_BOMB_BYTES, _BOMB_RATIO * self._packed.count):
            raise InterchangeError(f"it unpacks to more than {_BOMB_RATIO:,} times its size; nobody's traces do")
        return len(data)


def unpacked(stream: BinaryIO, on_read: Callable[[int], None]) -> io.BufferedReader[Any]:
    """Return a stream of what is in a stream: unpacked where that is gzip or zstd, else as it is.

    Args:
        stream: Whose beginning tells.
        on_read: Told how many bytes of it were read, again and again.

    Raises:
        MissingExtraError: It is zstd, and there is nothing to read that with.
    """
    counted = _Counted(stream, on_read)
    buffered: io.BufferedReader[Any] = io.BufferedReader(counted, _BUFFER)
    head = buffered.peek(4)
    if head.startswith(_GZIP_MAGIC):
        return io.BufferedReader(
            _Unpacking(gzip.GzipFile(fileobj=buffered), counted, zlib.error, gzip.BadGzipFile), _BUFFER
        )
    if head.startswith(ZSTD_MAGIC):
        zstd = _zstd()
        return io.BufferedReader(_Unpacking(zstd.ZstdFile(buffered), counted, zstd.ZstdError), _BUFFER)
    return buffered


def unpacked_message(data: bytes, most: int) -> bytes:
    """Return what is in one zstd message.

    Args:
        data: The message.
        most: Bytes it may unpack to.

    Raises:
        InterchangeError: It is none, or larger.
        MissingExtraError: There is nothing to read zstd with.
    """
    zstd = _zstd()
    try:
        unpacker = zstd.ZstdDecompressor()
        made: bytes = unpacker.decompress(data, most + 1)
    except zstd.ZstdError as exc:
        raise InterchangeError(f"no zstd: {exc}") from exc
    if len(made) > most:
        raise InterchangeError(f"it unpacks to more than {most // 2**20} MiB")
    return made


def _zstd() -> Any:
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd  # noqa: PLC0415 - few need it
        else:
            from backports import zstd  # noqa: PLC0415 - an extra
    except ImportError as exc:
        raise MissingExtraError("reading zstd", "backports.zstd", "zstd") from exc
    return zstd
