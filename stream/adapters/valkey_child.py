"""Run one server for as long as the parent lives: a program of its own, started by embedded.py.

Standard input is a pipe from the parent. Its end means that the parent is gone, however it went (kill -9 included);
then the server is asked to stop, so that it writes its file to the end. A server that stops by itself ends this program
with its exit code.

    python valkey_child.py LOCK LOG SERVER ARGUMENTS…
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import subprocess
import sys

LOCKED = 75  # exit code: another server uses this folder
LOOK_S = 0.2  # how often we look whether the server still runs
STOP_S = 20.0


def lock(path: str) -> int:
    """Return an open, locked file; leave with code LOCKED where another server holds it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(LOCKED)
    return handle


def watch(server: subprocess.Popen[bytes]) -> int:
    """Wait for the parent's end or the server's, whichever comes first; return the server's exit code."""
    while server.poll() is None:
        readable, _, _ = select.select([sys.stdin], [], [], LOOK_S)
        if readable and not os.read(sys.stdin.fileno(), 1024):
            return stop(server)
    return server.returncode


def stop(server: subprocess.Popen[bytes]) -> int:
    """End the server, politely first; return its exit code."""
    server.terminate()
    try:
        return server.wait(STOP_S)
    except subprocess.TimeoutExpired:
        server.kill()
        return server.wait()


def main(lock_path: str, log_path: str, *command: str) -> int:
    """Run the server; return its exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's affair: it stops us when it has finished
    handle = lock(lock_path)
    with open(log_path, "ab") as log:
        # the server inherits the lock, so the folder stays locked for as long as the server itself lives
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[handle])
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())  # never leave without the server
    return watch(server)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
