"""One real Apache Kafka node (KRaft, broker and controller) for tests, from Maven artifacts.

The jars are fetched once into ``$SEGMENTS_KAFKA_LIBS`` (default: ``.cache/kafka-libs`` in
the repository).  Each broker has its own data folder and free loopback ports, and is ended
by the process id that started it, never by name.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

REPOSITORY = Path(__file__).resolve().parents[2]
POM = Path(__file__).with_name("pom.xml")
START_SECONDS = 180.0
TRIES = 3
"""How often Maven may try: what it has already, it keeps."""
# a node that is up quickly and takes little; a benchmark gives it the whole compiler
QUICK_START = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}
log.dirs={folder}/data
# one broker: every internal topic with one replica, and few partitions (quicker recovery after kill -9)
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
offsets.topic.num.partitions=4
transaction.state.log.num.partitions=4
share.coordinator.state.topic.num.partitions=4
default.replication.factor=1
auto.create.topics.enable=false
# tests: no wait for the first member of an empty group, and short session timeouts are allowed
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
# a killed node may register again after two seconds instead of nine
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=16777216
log.segment.bytes=268435456
"""


class ServersMissingError(RuntimeError):
    """Java, Maven or the jars are not there: tests that need them are skipped."""


def jar_folder() -> Path:
    """Return the folder that holds the jars; fetch them first where it is empty.

    Raises ServersMissingError with the reason where that is not possible.
    """
    folder = Path(os.environ.get("SEGMENTS_KAFKA_LIBS", REPOSITORY / ".cache" / "kafka-libs"))
    if shutil.which("java") is None:
        raise ServersMissingError("no real broker: there is no `java` on the path (17 or newer is needed)")
    if not any(folder.glob("kafka_2.13-*.jar")):
        _fetch_jars(folder)
    return folder


def _fetch_jars(folder: Path) -> None:
    if shutil.which("mvn") is None:
        raise ServersMissingError(f"no real broker: no jars in {folder} and no `mvn` on the path to fetch them")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix="fetching-") as fresh:
        command = ["mvn", "-B", "-q", "-f", str(POM), "dependency:copy-dependencies"]
        command += ["-DincludeScope=runtime", f"-DoutputDirectory={fresh}/jars"]
        for _ in range(TRIES):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                shutil.rmtree(folder, ignore_errors=True)
                Path(fresh, "jars").rename(folder)  # all of them or none
                return
    raise ServersMissingError(f"no real broker: Maven could not fetch the jars: {done.stdout[-500:]}")


def free_ports(count: int) -> list[int]:
    """Return `count` different loopback ports that were free a moment ago.

    They lie below the range from which the system takes ports for outgoing connections, so that a
    broker that is away for a moment finds its own ports free again.
    """
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(15_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
    return found


class KafkaBroker:
    """One node in its own folder; `start`, `stop`, `kill` (SIGKILL), `restart`, `freeze`, `thaw`."""

    def __init__(self, folder: Path, heap: str = "384m", tuning: tuple[str, ...] = QUICK_START) -> None:
        self.folder = folder
        self.port, self.controller_port = free_ports(2)
        self.bootstrap = f"127.0.0.1:{self.port}"
        self._heap = heap
        self._tuning = tuning
        self._child: subprocess.Popen[bytes] | None = None
        self._class_path = f"{jar_folder()}/*"

    @property
    def pid(self) -> int:
        """The process of the node; 0 while there is none."""
        return self._child.pid if self._child is not None else 0

    def start(self) -> KafkaBroker:
        """Format the storage where needed, start the node, return when its port answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        properties = self.folder / "server.properties"
        if not properties.exists():
            self._format(properties)
        with (self.folder / "broker.log").open("ab") as log:
            self._child = subprocess.Popen(
                self._java(self._heap, "kafka.Kafka", str(properties)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_for_port()
        return self

    def stop(self) -> None:
        """End the node cleanly and wait for it; SIGKILL after 15 seconds."""
        if self._child is None:
            return
        self._child.terminate()
        try:
            self._child.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()
        self._child = None

    def kill(self) -> None:
        """SIGKILL the node, as a power cut would, and wait until it is gone."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def restart(self) -> None:
        """Start again on the same ports and data after `stop` or `kill`."""
        self.start()

    def freeze(self) -> None:
        """SIGSTOP the node: connections stay open and nothing answers."""
        if self._child is not None:
            self._child.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT the node after `freeze`."""
        if self._child is not None:
            self._child.send_signal(signal.SIGCONT)

    def _java(self, heap: str, *arguments: str) -> list[str]:
        quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
        return [
            "java",
            f"-Xmx{heap}",
            *self._tuning,
            "-Djava.awt.headless=true",
            quiet,
            "-cp",
            self._class_path,
            *arguments,
        ]

    def _format(self, properties: Path) -> None:
        properties.write_text(self._properties())
        # any 16 bytes in base64url do as a cluster id; a fixed one spares a JVM start
        options = ["-t", "c2VnbWVudHMtdGVzdHMtMQ", "-c", str(properties), *self._format_options()]
        command = self._java("128m", "kafka.tools.StorageTool", "format", "--standalone", *options)
        subprocess.run(command, check=True, capture_output=True)

    def _properties(self) -> str:
        return PROPERTIES.format(port=self.port, controller_port=self.controller_port, folder=self.folder)

    def _format_options(self) -> list[str]:
        return []

    def _wait_for_port(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self._child is not None and self._child.poll() is not None:
                break
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"the broker did not start: see {self.folder / 'broker.log'}")


if __name__ == "__main__":  # before tests whose time is limited: `python -m tests.brokers.kafka_broker`
    jar_folder()
