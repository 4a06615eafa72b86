"""Receivers of traces with a fault each: what the real Collector cannot be made to do. Knows nothing of runspan."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["FAULTS", "faulty_receiver"]


def _answer(text: bytes) -> Callable[[socket.socket, threading.Event], None]:
    def answer(connection: socket.socket, _: threading.Event) -> None:
        connection.recv(65_536)
        connection.sendall(text)

    return answer


def _hang(_: socket.socket, ended: threading.Event) -> None:
    ended.wait()


def _hang_after_request(connection: socket.socket, ended: threading.Event) -> None:
    connection.recv(65_536)
    ended.wait()


def _byte_by_byte(connection: socket.socket, ended: threading.Event) -> None:
    connection.recv(65_536)
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 100:
        if ended.wait(0.2):
            return
        connection.sendall(bytes([byte]))


def _half_close(connection: socket.socket, ended: threading.Event) -> None:
    connection.shutdown(socket.SHUT_WR)
    ended.wait()


def _reset(connection: socket.socket, _: threading.Event) -> None:
    connection.recv(10)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


def _endless(connection: socket.socket, ended: threading.Event) -> None:
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while not ended.is_set():
        connection.sendall(b"x" * 65_536)


def _status(line: str, *headers: str) -> Callable[[socket.socket, threading.Event], None]:
    head = "\r\n".join([f"HTTP/1.1 {line}", *headers, "Content-Length: 0", "", ""])
    return _answer(head.encode())


FAULTS: Final[dict[str, Callable[[socket.socket, threading.Event], None] | None]] = {
    "refuses": None,
    "never answers": _hang,
    "never answers the request": _hang_after_request,
    "answers byte by byte": _byte_by_byte,
    "429": _status("429 Too Many Requests", "Retry-After: 30"),
    "503": _status("503 Service Unavailable", "Retry-After: 30"),
    "500": _status("500 Internal Server Error"),
    "400": _status("400 Bad Request"),
    "redirects for ever": _status("307 Temporary Redirect", "Location: /v1/traces"),
    "half closes": _half_close,
    "resets": _reset,
    "talks garbage": _answer(b"\x00\xff\x16\x03\x01" * 1_000),
    "accepts with garbage": _answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n\xff\xff\xff\xff\xff"),
    "answers without end": _endless,
}
"""What is wrong with it; None for nobody there."""


@contextmanager
def faulty_receiver(fault: str) -> Iterator[str]:
    """Give the address of a receiver with a fault."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    behave = FAULTS[fault]
    if behave is None:
        listener.close()
        yield address
        return
    ended = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            behave(connection, ended)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield address
    finally:
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
