"""The real Kafka broker, and what comes out of it. Knows nothing of who puts it in."""

from __future__ import annotations

import socket
import subprocess
import time
from typing import TYPE_CHECKING, Final

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.backends._programs import KAFKA, find
from tests.backends._server import HOST, Server, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from confluent_kafka import Message

__all__ = ["Kafka"]

_CLUSTER: Final = "T_sgdPlRSpO2MY3Sgf8NmQ"
_QUICK: Final = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)
_SETTINGS: Final = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{controller}
listeners=PLAINTEXT://{broker},CONTROLLER://{controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
offsets.topic.replication.factor=1
message.max.bytes=16000000
"""


class Kafka(Server):
    """One broker that is its own controller (KRaft), empty at its start."""

    broker: str
    """Where clients connect, as host:port."""

    def __init__(self, folder: Path) -> None:
        """Find the jars; start nothing yet."""
        super().__init__("kafka", folder)
        self._jars: Final = find(KAFKA)

    def prepare(self) -> tuple[Sequence[str], Mapping[str, str], str]:
        """Choose ports, write the settings, format the folder of the data."""
        self.broker, controller = (f"{HOST}:{free_port()}" for _ in range(2))
        settings, data = self.folder / "server.properties", self.folder / "data"
        settings.write_text(_SETTINGS.format(broker=self.broker, controller=controller, data=data))
        java = ["java", *_QUICK, "-cp", f"{self._jars}/*"]
        format_data = [*java, "kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", _CLUSTER]
        with self.log_file.open("ab") as log:
            subprocess.run([*format_data, "-c", str(settings)], check=True, stdout=log, stderr=log)
        return [*java, KAFKA.package, str(settings)], {}, self.broker

    def is_ready(self, address: str) -> bool:
        """Whether it takes connections, which it does last."""
        host, _, port = address.partition(":")
        try:
            with socket.create_connection((host, int(port)), timeout=1):
                return True
        except OSError:
            return False

    def make_topic(self, name: str, *, partitions: int) -> None:
        """Make a topic, and wait until it is there."""
        admin = AdminClient({"bootstrap.servers": self.broker})
        admin.create_topics([NewTopic(name, partitions, 1)])[name].result(30)

    def read(self, topic: str, *, partitions: int, until: Callable[[list[Message]], bool]) -> list[Message]:
        """Read a topic from its beginning until what has come is enough.

        Raises:
            AssertionError: It was not, within 30 seconds.
        """
        came: list[Message] = []
        consumer = Consumer({"bootstrap.servers": self.broker, "group.id": "tests", "enable.auto.commit": False})
        consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
        ends = time.monotonic() + 30.0
        try:
            while not until(came):
                assert time.monotonic() < ends, f"only {len(came)} messages in {topic}"
                came += [message for message in consumer.consume(100, timeout=1.0) if message.error() is None]
        finally:
            consumer.close()
        return came
