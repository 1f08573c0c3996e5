"""The collector of cyclic garbage, made rare: at its default it looks through everything again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

OBJECTS_BETWEEN = 50_000
"""So many more containers made than given up start a look at the young ones: a few slices of a thousand records."""
YOUNG_LOOKS, MIDDLE_LOOKS = 20, 50
"""So many looks at the young ones before one at those that outlived it; so many of these before one at all."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for cyclic garbage seldom, and never at what is there already, while the block runs.

    Rules and libraries stay for the life of a worker, and cached profiles are bytes, which the collector does not see;
    what makes cycles (tasks, errors) is young, so memory stays bounded.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN, YOUNG_LOOKS, MIDDLE_LOOKS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
