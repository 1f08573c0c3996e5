"""A Kafka broker in memory, for `run` and `demo`: the mock broker inside the confluent-kafka wheel.

It runs in a child process that watches a pipe from its parent, so it ends however the parent ends.
Topics come into being at first use with four partitions; each partition keeps about five MiB and
trims without a word; nothing survives a stop.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass

from stream.errors import UnavailableError

PARTITIONS = 4
END_SECONDS = 5.0
ANSWER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class MockBroker:
    """A running mock broker; `stop` ends it and its log."""

    bootstrap: str
    child: subprocess.Popen[str]

    def stop(self) -> None:
        """Close the pipe, which ends the child; SIGKILL after five seconds."""
        if self.child.stdin is not None:
            self.child.stdin.close()
        try:
            self.child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        if self.child.stdout is not None:
            self.child.stdout.close()


def start_mock_broker() -> MockBroker:
    """Start a mock broker on a free loopback port; return when it answers.

    Raises UnavailableError where the child ends without an address.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", "stream.adapters.mock_broker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for the parent, which then stops us in its own order
    )
    line = child.stdout.readline().strip() if child.stdout is not None else ""
    if not line:
        child.kill()
        child.wait()
        raise UnavailableError("the embedded event log did not start: no address from the mock broker [embedded-log]")
    return MockBroker(line, child)


def main() -> None:
    """Serve until standard input ends; print the address first."""
    from confluent_kafka import Producer  # noqa: PLC0415 - a wheel of 40 MB that only the child needs

    owner = Producer({"test.mock.num.brokers": 1, "log_level": 0})
    brokers = owner.list_topics(timeout=ANSWER_SECONDS).brokers
    first = next(iter(brokers.values()))
    with suppress(BrokenPipeError):  # the parent was asked to end meanwhile: nobody is to be told, nothing is wrong
        os.write(sys.stdout.fileno(), f"{first.host}:{first.port}\n".encode())
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
