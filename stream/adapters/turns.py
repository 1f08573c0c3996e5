"""How the threads of a process take turns: one that waits for the interpreter has it soon."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST_TURN_S = 0.001
"""A thread that computes gives way after so long to one that waits; Python's own five milliseconds are those of a fetch
several times over, for the thread that speaks Kafka waits anew behind each of its calls to the system."""


@contextmanager
def short_turns() -> Iterator[None]:
    """Let threads take short turns for the time of a block."""
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(LONGEST_TURN_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before_s)
