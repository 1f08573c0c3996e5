"""The mock broker's child: answers, and ends however its parent ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from stream.adapters.mock_broker import start_mock_broker

PARENT = """
import sys, time
from stream.adapters.mock_broker import start_mock_broker
broker = start_mock_broker()
print(broker.child.pid, broker.bootstrap, flush=True)
time.sleep(3_600)
"""


def is_alive(pid: int) -> bool:
    """Return whether the process runs; a zombie does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int) -> None:
    end = time.monotonic() + 90
    while is_alive(pid):
        assert time.monotonic() < end, "the child outlived its parent"
        time.sleep(0.02)


@pytest.mark.servers
def test_it_answers_until_it_is_stopped() -> None:
    broker = start_mock_broker()
    host, port = broker.bootstrap.split(":")
    with socket.create_connection((host, int(port)), 5):
        pass
    assert host == "127.0.0.1"
    broker.stop()
    assert not is_alive(broker.child.pid)


@pytest.mark.servers
def test_a_killed_parent_leaves_no_orphan() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline().split()[0])
    assert is_alive(child)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    wait_until_gone(child)


@pytest.mark.servers
def test_a_parent_that_is_gone_before_it_answers_is_no_mistake() -> None:
    """It was asked to end while this server was starting: nothing is said after its last word."""
    ours, childs = os.pipe()
    os.close(ours)
    command = [sys.executable, "-m", "stream.adapters.mock_broker"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=childs, stderr=subprocess.PIPE, check=False)
    os.close(childs)
    assert (done.returncode, done.stderr) == (0, b"")
