"""The shop the agent works for: a customer database and a service for orders and payments. Knows nothing of runspan."""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

try:
    import requests
except ImportError:  # then urllib does it, without HTTP spans
    HAS_REQUESTS = False
else:
    HAS_REQUESTS = True

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Shop", "ShopError", "open_shop"]

SEED = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, email TEXT, since INTEGER);
INSERT INTO customers (name, email, since) VALUES
    ('Ada', 'ada@example.com', 2019),
    ('Grace', 'grace@example.com', 2021),
    ('Linus', 'linus@example.com', 2024),
    ('Edsger', 'edsger@example.com', 2018);
CREATE TABLE answers (ticket TEXT, text TEXT);
"""

ORDERS = {
    "1001": {"id": "1001", "item": "lamp", "amount": 49.00, "state": "in transit, at your door tomorrow"},
    "1002": {"id": "1002", "item": "mug", "amount": 12.50, "state": "delivered"},
    "1003": {"id": "1003", "item": "teapot", "amount": 39.90, "state": "delivered"},
    "1004": {"id": "1004", "item": "desk", "amount": 480.00, "state": "delivered"},
}

UNPAYABLE = "1003"
"""The payments service is out of order whenever this one is to be refunded."""


class ShopError(Exception):
    """The shop's service did not do what was asked."""


class Shop:
    """What the agent can do in the shop."""

    def __init__(self, database: str, service: str) -> None:
        """Connect to both.

        Args:
            database: Path of the customer database.
            service: Address of the orders and payments service.
        """
        self._connection = sqlite3.connect(database)
        self._service = service

    def customer(self, email: str) -> dict[str, Any] | None:
        """Look a customer up by address."""
        cursor = self._connection.cursor()
        row = cursor.execute("SELECT name, since FROM customers WHERE email = ?", (email,)).fetchone()
        return None if row is None else {"name": row[0], "since": row[1]}

    def answer(self, ticket_id: str, text: str) -> None:
        """Store the answer to a ticket."""
        self._connection.cursor().execute("INSERT INTO answers VALUES (?, ?)", (ticket_id, text))
        self._connection.commit()

    def order(self, order_id: str) -> dict[str, Any]:
        """Ask the service for an order."""
        return _call("GET", f"{self._service}/orders/{order_id}")

    def refund(self, order_id: str) -> dict[str, Any]:
        """Pay an order's amount back."""
        return _call("POST", f"{self._service}/refunds/{order_id}")

    def close(self) -> None:
        """Close the database."""
        self._connection.close()


def _call(method: str, url: str) -> dict[str, Any]:
    status, body = _with_requests(method, url) if HAS_REQUESTS else _with_urllib(method, url)
    if status != 200:  # noqa: PLR2004 - HTTP's OK
        raise ShopError(f"{method} {url.partition('//')[2].partition('/')[2]}: {body} ({status})")
    answer: dict[str, Any] = json.loads(body)
    return answer


def _with_requests(method: str, url: str) -> tuple[int, str]:
    with requests.Session() as session:
        session.trust_env = False  # no proxy on the way to this machine
        response = session.request(method, url, timeout=5)
        return response.status_code, response.text


def _with_urllib(method: str, url: str) -> tuple[int, str]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, method=method), timeout=5) as response:  # noqa: S310 - ours
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


class _Service(BaseHTTPRequestHandler):
    """GET /orders/ID, POST /refunds/ID."""

    def do_GET(self) -> None:
        order = ORDERS.get(self.path.rpartition("/")[2])
        self._answer(200 if order else 404, json.dumps(order) if order else "no such order")

    def do_POST(self) -> None:
        order_id = self.path.rpartition("/")[2]
        if order_id == UNPAYABLE:
            self._answer(503, "payments are down")
        else:
            self._answer(200, json.dumps({"receipt": f"R-{order_id}", "amount": ORDERS[order_id]["amount"]}))

    def _answer(self, status: int, body: str) -> None:
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def open_shop() -> Iterator[Shop]:
    """Open the shop: a new database in a temporary folder, the service on a free port of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            database = os.path.join(folder, "customers.db")  # noqa: PTH118 - sqlite3 takes text
            connection = sqlite3.connect(database)
            connection.executescript(SEED)
            connection.close()
            shop = Shop(database, f"http://127.0.0.1:{server.server_address[1]}")
            try:
                yield shop
            finally:
                shop.close()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
