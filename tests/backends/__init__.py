"""The real Collector and the real Jaeger for the tests. Knows nothing of runspan."""

from tests.backends._programs import COLLECTOR, JAEGER, Program, UnavailableError, build, find
from tests.backends._server import Server, free_port
from tests.backends.collector_server import Collector
from tests.backends.jaeger_server import Jaeger, JaegerClient
from tests.backends.otlp import spans_in

__all__ = [
    "COLLECTOR",
    "JAEGER",
    "Collector",
    "Jaeger",
    "JaegerClient",
    "Program",
    "Server",
    "UnavailableError",
    "build",
    "find",
    "free_port",
    "spans_in",
]
