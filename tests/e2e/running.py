"""A worker as a process of its own: the command that people start, and how a test waits for it and ends it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.e2e.site import SLOWEST, until

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
WORKER = (sys.executable, "-m", "stream", "worker")


class Command:
    """One started command; what it says is in `said`."""

    def __init__(
        self, environment: dict[str, str], log: Path, command: Sequence[str] = WORKER, only_these: bool = False
    ) -> None:
        """Start it with these settings beside `PATH` (or, `only_these`, with nothing else at all)."""
        self.port = int(environment.get("SEGMENTS_HTTP_PORT", 0))
        self._log = log
        inherited = {} if only_these else {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
        with log.open("ab") as out:
            self.child = subprocess.Popen(
                command,
                env=inherited | environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=ROOT,
                start_new_session=True,
            )

    def __enter__(self) -> Command:
        return self

    def __exit__(self, *_: object) -> None:
        """Let nothing live on."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGCONT)
            self.child.kill()
        self.child.wait()

    @property
    def is_alive(self) -> bool:
        """Tell whether it still runs."""
        return self.child.poll() is None

    @property
    def said(self) -> str:
        """Return what it wrote to the terminal so far."""
        return self._log.read_text(errors="replace")

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return its log lines of this name."""
        lines = [json.loads(line) for line in self.said.splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("event") == name]

    def ready(self) -> Command:
        """Return when /readyz says so; fails when the command ends instead."""
        until(self._is_ready, PATIENCE_S, lambda: f"/readyz of {self.child.args}: {self.said[-2_000:]}")
        return self

    def _is_ready(self) -> bool:
        assert self.child.poll() is None, f"ended with {self.child.returncode}: {self.said[-3_000:]}"
        return ask(self.port, "readyz")[0] == 200

    def stop(self) -> int:
        """Ask it to end (SIGTERM) and return its exit code."""
        self.child.terminate()
        return self.ended()

    def ended(self, seconds: float = PATIENCE_S * SLOWEST) -> int:
        """Return the exit code when it has ended by itself."""
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {seconds:.0f} s: {self.said[-2_000:]}") from None

    def kill9(self) -> None:
        """End it as a power cut would."""
        self.child.kill()
        self.child.wait()


def ask(port: int, page: str) -> tuple[int, str]:
    """Return status and text of a page of a worker, (0, "") where nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{page}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.read().decode()
    except OSError:
        return 0, ""
