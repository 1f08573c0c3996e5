"""The image's entry point, user, environment and health command, run natively: the image itself needs an engine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from stream.adapters.embedded import embedded_valkey
from tests.brokers.kafka_broker import KafkaBroker
from tests.e2e.running import Command
from tests.e2e.site import Site
from tests.house import image

pytestmark = [pytest.mark.e2e, pytest.mark.kafka]


def test_the_image_as_it_would_run(kafka_node: KafkaBroker, tmp_path: Path) -> None:
    with embedded_valkey(tmp_path / "valkey") as url:
        site = Site(kafka_node.bootstrap, url, tmp_path).open()
        told = site.environment()
        del told["SEGMENTS_RULES"], told["SEGMENTS_LOG_FORMAT"]
        environment = image.environment(**told)
        command = image.as_its_user(image.entry_point())
        with Command(environment, tmp_path / "log", command, only_these=True) as worker:
            worker.ready()
            healthy = subprocess.run(image.as_its_user(image.health_command()), env=environment, check=False)
            assert healthy.returncode == 0
            assert user_of(worker.child.pid) == (image.user()[0] if command[0] == "setpriv" else user_of("self"))
            assert '"event": "partitions_taken"' in worker.said, "JSON lines, as the image sets it"
            assert worker.stop() == 0
        sick = subprocess.run(
            image.as_its_user(image.health_command()), env=environment, capture_output=True, check=False
        )
        assert sick.returncode == 1


def user_of(process: int | str) -> int:
    """Return the user that a process runs as."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1])
