"""Law 5 by force: workers are killed at random steps in the middle of the history, and nothing is lost or doubled.

The memory of event ids is off and no record says where intake took it from: a record counted twice shows.
"""

from __future__ import annotations

import random
import signal
from collections import Counter
from contextlib import ExitStack

import pytest

from stream.adapters.redis import RedisStore
from tests.controls import StoreWithoutCompare
from tests.e2e.compare import check, shipped_without_ids
from tests.e2e.histories import crowd
from tests.e2e.site import Site, until
from tests.faults.mortal import STEPS, Process, process

pytestmark = [pytest.mark.faults, pytest.mark.kafka, pytest.mark.redis, pytest.mark.timeout(240)]

KILLS = 12
SMALL: dict[str, str | int] = {
    "SEGMENTS_COMMIT_RECORDS": 8,
    "SEGMENTS_CACHE_BYTES": 4 * 10 * 900,  # ten customers in each of four partitions
}


def short_lives(site: Site, seed: int, **life: object) -> Counter[str]:
    """Keep two workers going, each until it is killed; return the steps that ended them.

    The lives of one come back as the same static member, those of the other are strangers to the group.
    """
    drawn = random.Random(seed)
    steps = list(STEPS) * 3
    drawn.shuffle(steps)
    total = sum(site.outside.ends(site.topics.events, site.partitions).values())
    slots: list[Process | None] = [None, None]
    with ExitStack() as stack:
        for number in range(KILLS):
            until(lambda: not all(each and each.is_alive for each in slots), 60, "a death")
            free = next(place for place, each in enumerate(slots) if not (each and each.is_alive))
            name = {"SEGMENTS_WORKER": "again" if free == 0 else f"stranger-{number}"}
            told = {"step": steps[number], "nth": drawn.randint(1, 1 if steps[number] == "taken" else 4), **life}
            slots[free] = stack.enter_context(process(site, f"life-{number}", SMALL | name, **told))
        until(lambda: not any(each and each.is_alive for each in slots), 60, "the last two deaths")
        assert site.positions() < total, "the history ended before the kills did: make it longer"
    return Counter((site.folder / "diary").read_text().splitlines())


def finish(site: Site, **life: object) -> None:
    """Let two workers handle the rest of the history and stop."""
    with process(site, "last-0", SMALL, **life) as first, process(site, "last-1", SMALL, **life) as second:
        site.settle(first, second)
        assert (first.stop(), second.stop()) == (0, 0)


def test_twelve_kills_of_two_workers_lose_and_double_nothing(real_site: Site) -> None:
    real_site.write(crowd(5, 4_000))
    died_at = short_lives(real_site, 5)
    assert died_at.total() == KILLS
    assert died_at["between EXEC and publishing"] > 0, "no kill fell between EXEC and publishing"
    finish(real_site)
    found = check(real_site, shipped_without_ids())
    assert found.repeats > 0, "a kill behind publishing and before the trim must show as repeats"


def test_control_without_the_seek_to_redis_events_are_counted_twice(real_site: Site) -> None:
    """The position of Kafka's consumer group is behind what was committed whenever a worker dies."""
    real_site.write(crowd(6, 4_000))
    short_lives(real_site, 6, seeks=False)
    finish(real_site, seeks=False)
    with pytest.raises(AssertionError, match=r"^law 2: transitions are not those of the replay"):
        check(real_site, shipped_without_ids())


def a_paused_owner_resumes(site: Site, store: type[RedisStore]) -> Process:
    """Stop a worker on its way into a commit until another has done all the rest, then let it go on; return it."""
    site.write(crowd(7, 2_000))
    paused = process(site, "paused", SMALL, step="before EXEC", nth=40, how=signal.SIGSTOP, store=store)
    until(lambda: paused.is_stopped, 60, lambda: f"the stop: {paused.said[-1_000:]}")
    with process(site, "other", SMALL, store=store) as other:
        site.settle(other)
        said = len(paused.said)
        paused.resume()
        until(lambda: len(paused.said) > said, 60, "a word of the one that was paused")
        site.settle(other, paused)
        assert other.stop() == 0
    return paused


def test_a_former_owner_that_resumes_can_harm_nothing(real_site: Site) -> None:
    with a_paused_owner_resumes(real_site, RedisStore) as paused:
        real_site.settle(paused)
        assert paused.stop() == 0
    check(real_site, shipped_without_ids(), owner_woke=True)


def test_control_without_compare_and_swap_a_former_owner_overwrites_newer_state(real_site: Site) -> None:
    with a_paused_owner_resumes(real_site, StoreWithoutCompare) as paused:
        real_site.settle(paused)
        assert paused.stop() == 0
    with pytest.raises(AssertionError, match=r"^law \d"):
        check(real_site, shipped_without_ids(), owner_woke=True)
