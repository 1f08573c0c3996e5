"""Load: a history written little by little, beside what the test does to the servers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.e2e.site import Site
from tests.histories import Line

PART = 50


@contextmanager
def feed(site: Site, lines: Sequence[Line], seconds: float) -> Iterator[threading.Thread]:
    """Write the lines over so many seconds while the block runs, the rest at once behind it; leave when all have come.

    Yields the thread that writes: while it lives there is load.
    """
    failed: list[BaseException] = []
    is_over = threading.Event()

    def write() -> None:
        begun = time.monotonic()
        try:
            for start in range(0, len(lines), PART):
                is_over.wait(max(0.0, begun + seconds * start / len(lines) - time.monotonic()))
                site.write(lines[start : start + PART])
        except AssertionError as error:
            failed.append(error)

    writing = threading.Thread(target=write, name="feed", daemon=True)
    writing.start()
    try:
        yield writing
    finally:
        is_over.set()
        writing.join(300)
    assert not writing.is_alive(), "the load could not be written"
    if failed:
        raise failed[0]
