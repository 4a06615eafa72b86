"""The real Collector, Jaeger and Kafka for the tests. Knows nothing of runspan."""

from tests.backends._programs import COLLECTOR, JAEGER, KAFKA, Program, UnavailableError, build, find
from tests.backends._server import Server, free_port
from tests.backends.collector_server import Collector
from tests.backends.jaeger_server import Jaeger, JaegerClient
from tests.backends.kafka_server import Kafka
from tests.backends.otlp import spans_in

__all__ = [
    "COLLECTOR",
    "JAEGER",
    "KAFKA",
    "Collector",
    "Jaeger",
    "JaegerClient",
    "Kafka",
    "Program",
    "Server",
    "UnavailableError",
    "build",
    "find",
    "free_port",
    "spans_in",
]
