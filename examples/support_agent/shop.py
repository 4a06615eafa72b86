"""The shop the agent works for: a customer database and a payments service, both on this machine."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

CUSTOMERS = [("ada@example.com", "Ada", "gold"), ("bo@example.com", "Bo", "new"), ("cy@example.com", "Cy", "gold")]
ORDERS = [
    (8812, "ada@example.com", 129.9, "delivered"),
    (8813, "bo@example.com", 15.0, "in transit"),
    (8814, "cy@example.com", 89.0, "delivered"),
    (8815, "ada@example.com", 349.0, "delivered"),
]
BROKEN_ORDER = 8814
"""The payments service cannot refund this one."""


def open_database() -> sqlite3.Connection:
    """Open a database with customers and orders, in memory."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE customers (mail TEXT, name TEXT, tier TEXT)")
    connection.execute("CREATE TABLE orders (id INTEGER, mail TEXT, total REAL, status TEXT)")
    connection.executemany("INSERT INTO customers VALUES (?, ?, ?)", CUSTOMERS)
    connection.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", ORDERS)
    return connection


class Payments(BaseHTTPRequestHandler):
    """Refunds any order but one."""

    def do_POST(self) -> None:
        """Answer a refund request."""
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        refused = request["order"] == BROKEN_ORDER
        answer = {"error": "payments are down"} if refused else {"refund": f"R-{request['order']}"}
        body = json.dumps(answer).encode()
        self.send_response(503 if refused else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def payments_service() -> Iterator[str]:
    """Run the payments service; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Payments)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
