"""Histories for whole deployments: a few hundred customers, hot ones among them, in the time that a test names."""

from __future__ import annotations

import random

from stream.wire.control import SOURCE
from stream.wire.placing import partition_of
from tests.histories import DAY_MS, START_MS, Line, content

YEAR_MS = 365 * DAY_MS


def crowd(
    seed: int,
    records: int,
    customers: int = 200,
    *,
    hot: float = 0.2,
    begins: int = START_MS,
    ends: int = START_MS + YEAR_MS,
    sources: int = 0,
    partitions: int = 4,
) -> list[Line]:
    """Return so many records in order of time, a tick among twenty, and a last tick most of a year later.

    A share `hot` is of five customers. With `sources` records say where intake took them from, and some come twice.
    """
    drawn = random.Random(seed)
    taken: dict[tuple[int, int], int] = {}
    lines: list[Line] = []
    for index, now in enumerate(sorted(drawn.randrange(begins, ends) for _ in range(records))):
        if drawn.random() < 0.05:
            lines.append(Line(now, None))
            continue
        number = drawn.randrange(5 if drawn.random() < hot else customers)
        told = content(drawn, number, index, now)
        headers: list[tuple[str, bytes]] = []
        if sources:
            home = drawn.randrange(sources), partition_of(told["customer_id"], partitions)
            taken[home] = taken.get(home, -1) + 1
            headers = [(SOURCE, f"1/{home[0]}/{taken[home]}".encode())]
        line = Line(now, told, tuple(headers))
        lines += [line, line] if sources and drawn.random() < 0.05 else [line]
    return [*lines, Line(ends + 300 * DAY_MS, None)]
