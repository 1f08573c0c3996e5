"""The Valkey of our own: keeps its data, leaves no orphan, and says clearly why it cannot start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from stream.adapters.embedded import EmbeddedValkey, embedded_valkey
from stream.adapters.redis import RedisStore
from stream.errors import UnavailableError

pytestmark = pytest.mark.servers

PARENT = """
import sys, time
from pathlib import Path
from stream.adapters.embedded import EmbeddedValkey
server = EmbeddedValkey(Path(sys.argv[1]))
print(server.port, flush=True)
time.sleep(600)
"""


def write(port: int, value: str) -> None:
    with redis.Redis(port=port) as client:
        client.set("key", value)


def read(port: int) -> bytes | None:
    with redis.Redis(port=port) as client:
        value: bytes | None = client.get("key")
        return value


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def test_it_is_a_server_that_the_store_accepts(tmp_path: Path) -> None:
    with embedded_valkey(tmp_path) as url:
        store = RedisStore(url, "test")
        await store.check()
        await store.initialise(b"layout", {0: b"start"})
        assert (await store.take(0)).head == b"start"
        await store.close()


def test_a_second_start_finds_what_the_first_wrote(tmp_path: Path) -> None:
    folder = tmp_path / "not yet there"
    server = EmbeddedValkey(folder)
    write(server.port, "kept")
    server.stop()
    server.stop()
    assert not is_open(server.port)
    again = EmbeddedValkey(folder, server.port)
    assert again.url == server.url
    assert read(again.port) == b"kept"
    again.stop()


def test_killing_the_parent_ends_the_server_and_loses_nothing(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    port = int(parent.stdout.readline())
    write(port, "written just before")
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 60
    while is_open(port):
        assert time.monotonic() < deadline, "the server outlived its parent"
        time.sleep(0.02)
    server = started(tmp_path)
    assert read(server.port) == b"written just before"
    server.stop()


def started(folder: Path) -> EmbeddedValkey:
    """Start as soon as the former server has let go of the folder."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return EmbeddedValkey(folder)
        except UnavailableError:
            assert time.monotonic() < deadline, "the folder stays locked"


def test_stopping_the_child_politely_stops_the_server_too(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path)
    os.kill(server.child_pid, signal.SIGTERM)
    server.wait()
    assert not is_open(server.port)
    server.stop()


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UnavailableError, match=rf"port {port} on 127.0.0.1 is in use; .* \[valkey-port\]"):
            EmbeddedValkey(tmp_path, port)


def test_a_folder_in_use_is_named(tmp_path: Path) -> None:
    with embedded_valkey(tmp_path), pytest.raises(UnavailableError, match=r"another server uses .*\[valkey-locked\]"):
        EmbeddedValkey(tmp_path)


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").write_text("a file where a folder must be")
    with pytest.raises(UnavailableError, match=rf"ended with code \d+: .*; see {tmp_path}/valkey.log \[valkey-ended\]"):
        EmbeddedValkey(tmp_path)
