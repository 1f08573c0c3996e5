"""The servers that benchmarks run against: a real Kafka where this machine can, and a real Valkey."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from stream.adapters.embedded import EmbeddedValkey
from stream.adapters.mock_broker import start_mock_broker
from tests.brokers.kafka_broker import KafkaBroker, ServersMissingError

BROKER_TUNING = ("-XX:+UseSerialGC",)
"""Of a node that runs for minutes on two shared cores: everything compiled, one thread that collects garbage."""
BROKER_HEAP = "1g"


@dataclass(frozen=True, slots=True)
class Servers:
    """A broker and a Redis on loopback ports."""

    bootstrap: str
    redis_url: str
    broker_pid: int
    redis_pid: int
    broker: str
    """What the broker is, as tables name it; why it is the mock one."""
    is_real: bool
    redis: str
    """What the Redis is, as tables name it."""

    @property
    def pids(self) -> dict[str, int]:
        """Return the processes whose CPU is told."""
        return {"redis": self.redis_pid, "broker": self.broker_pid}

    def connect(self) -> Redis:
        """Return a client that looks from outside; bytes stay bytes."""
        return Redis.from_url(self.redis_url, protocol=2)

    @property
    def note(self) -> str:
        """Return the line about the servers that stands below tables."""
        return f"broker: {self.broker}; state: {self.redis}, append-only file written out every second"


@contextmanager
def started(folder: Path) -> Iterator[Servers]:
    """Run both servers for the time of a block, files below `folder`; the mock broker where no real one can run."""
    with ExitStack() as stack:
        valkey = EmbeddedValkey(folder / "valkey")
        stack.callback(valkey.stop)
        client = Redis.from_url(valkey.url, protocol=2)
        stack.callback(client.close)
        facts = client.info("server")
        state = f"Valkey {facts.get('valkey_version', facts['redis_version'])}"
        bootstrap, pid, broker, is_real = _broker(folder / "kafka", stack)
        yield Servers(bootstrap, valkey.url, pid, int(facts["process_id"]), broker, is_real, state)


def _broker(folder: Path, stack: ExitStack) -> tuple[str, int, str, bool]:
    try:
        real = KafkaBroker(folder, heap=BROKER_HEAP, tuning=BROKER_TUNING).start()
    except ServersMissingError as why:
        mock = start_mock_broker()
        stack.callback(mock.stop)
        return mock.bootstrap, mock.child.pid, f"the mock broker in memory ({why})", False
    stack.callback(real.stop)
    return real.bootstrap, real.pid, "Apache Kafka 4, one KRaft node", True
