"""Law 5 by force: workers are killed at random steps in the middle of the history, and nothing is lost or doubled.

The memory of event ids is off and no record says where intake took it from: a record counted twice shows.
"""

from __future__ import annotations

import json
import random
import signal
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from itertools import chain
from statistics import mean
from typing import Any

import pytest
from redis import Redis

from stream.service.cache import OVERHEAD_BYTES
from stream.wire.outbox import decode_slice
from tests.controls import StoreWithoutCompare
from tests.e2e.compare import check, shipped_without_ids
from tests.e2e.histories import crowd
from tests.e2e.site import Site, until
from tests.faults.mortal import STEPS, Deed, Process, Step, process
from tests.town import consumed

pytestmark = [pytest.mark.faults]

KILLS = 12
TEN_BYTES = 10 * 900
"""Ten packed profiles of this history, with what each costs in the cache; a test holds it true."""
SMALL: dict[str, str | int] = {"SEGMENTS_COMMIT_RECORDS": 8, "SEGMENTS_CACHE_BYTES": TEN_BYTES}
"""The cache is of a process, and every partition gets the same share of it, whoever owns the others: two or three."""
BETWEEN = "between EXEC and publishing"


def short_lives(site: Site, seed: int, **life: object) -> Counter[str]:
    """Keep two workers going (one on the embedded servers), each until it is killed; return the steps that ended them.

    The lives of one come back as the same static member, those of the other are strangers to the group.
    """
    drawn = random.Random(seed)
    steps = list(STEPS) * 3
    drawn.shuffle(steps)
    total = sum(site.outside.ends(site.topics.events, site.partitions).values())
    slots: list[Process | None] = [None] * workers_of(site)
    with ExitStack() as stack:
        for number in range(KILLS):
            until(lambda: not all(each and each.is_alive for each in slots), 60, "a death")
            free = next(place for place, each in enumerate(slots) if not (each and each.is_alive))
            told = {"step": steps[number], "nth": drawn.randint(1, 1 if steps[number] == "taken" else 4), **life}
            name = called(site, "again" if free == 0 else f"stranger-{number}", number)
            slots[free] = stack.enter_context(process(site, f"life-{number}", SMALL | name, **told))
        until(lambda: not any(each and each.is_alive for each in slots), 60, "the last deaths")
        assert site.positions() < total, "the history ended before the kills did: make it longer"
    return Counter((site.folder / "diary").read_text().splitlines())


def workers_of(site: Site) -> int:
    """Return how many workers work at once: the group of the mock broker breaks when one of two members dies."""
    return 2 if site.is_real else 1


def called(site: Site, name: str, number: int) -> dict[str, str | int]:
    """Return how a life is known to Kafka: the mock broker knows no static members, so each has a group of its own."""
    return {"SEGMENTS_WORKER": name} if site.is_real else {"SEGMENTS_GROUP": f"{site.name}-{number}"}


def finish(site: Site, **life: object) -> None:
    """Let two workers (one on the embedded servers) handle the rest of the history and stop."""
    with ExitStack() as stack:
        lasts = [
            stack.enter_context(process(site, f"last-{number}", SMALL | called(site, f"last-{number}", KILLS), **life))
            for number in range(workers_of(site))
        ]
        site.settle(*lasts)
        assert [each.stop() for each in lasts] == [0] * len(lasts)


def proves(died_at: Counter[str]) -> None:
    """Fail where these deaths would prove nothing: too few, or none where a commit is done and nobody was told."""
    assert died_at.total() == KILLS, f"{KILLS - died_at.total()} lives did not end by a kill"
    assert died_at[BETWEEN] > 0, "no kill fell between EXEC and publishing"


def test_twelve_kills_lose_and_double_nothing(site: Site) -> None:
    site.write(crowd(5, 4_000))
    proves(short_lives(site, 5))
    finish(site)
    found = check(site, shipped_without_ids())
    assert found.repeats > 0, "a kill behind publishing and before the trim must show as repeats"
    assert len(found.bodies) > 100
    sizes = [len(packed) + OVERHEAD_BYTES for packed in site.profiles().values()]
    assert 5 < TEN_BYTES / mean(sizes) < 15, "the cache of a worker holds about ten customers"


def test_control_kills_that_miss_the_step_between_exec_and_publishing_fail_the_test() -> None:
    with pytest.raises(AssertionError, match=r"^no kill fell between EXEC and publishing"):
        proves(Counter({"before EXEC": KILLS}))
    with pytest.raises(AssertionError, match=r"^1 lives did not end by a kill"):
        proves(Counter({BETWEEN: KILLS - 1}))


def sequences(packed: Iterable[bytes]) -> set[tuple[str, int]]:
    """Return customer and sequence of every transition in slices of the outbox."""
    told = chain.from_iterable(decode_slice(each).transitions for each in packed)
    return {(each.customer_id, json.loads(each.body)["sequence"]) for each in told}


def test_the_step_between_exec_and_publishing_is_what_it_says(site: Site) -> None:
    """Seen from outside: the commit is in the store, with transitions that nobody has published; the next life does."""
    site.write(crowd(8, 600))
    with process(site, "dies", SMALL, step=BETWEEN, nth=5) as dying:
        assert dying.ended() == -signal.SIGKILL
    with Redis.from_url(site.redis_url) as client:
        committed = [client.lrange(site.keys(number).outbox, 0, -1) for number in range(site.partitions)]
    waiting = sequences(chain.from_iterable(committed))
    told = {name: len(bodies) for name, bodies in consumed(site.dump(), site.topics.source).bodies.items()}
    orphans = {(name, sequence) for name, sequence in waiting if sequence > told.get(name, 0)}
    assert orphans, "all that was committed had been published"
    finish(site)
    found = check(site, shipped_without_ids())
    assert all(len(found.bodies[name]) >= sequence for name, sequence in orphans)


@pytest.mark.kafka
@pytest.mark.redis
def test_control_without_the_seek_to_redis_events_are_counted_twice(real_site: Site) -> None:
    """The position of Kafka's consumer group is behind what was committed whenever a worker dies."""
    real_site.write(crowd(6, 4_000))
    short_lives(real_site, 6, seeks=False)
    finish(real_site, seeks=False)
    with pytest.raises(AssertionError, match=r"^law 2: transitions are not those of the replay"):
        check(real_site, shipped_without_ids())


def written_unseen(deeds: Iterable[Deed]) -> list[int]:
    """Return the partitions with a commit, begun and done here, before they were taken: another had taken them all.

    A commit that was begun earlier may have been done earlier, too: only its answer is late.
    """
    seen, begun, unseen = set[int](), set[int](), set[int]()
    for deed, partition in deeds:
        if deed == "took":
            seen.add(partition)
        elif deed == "begins":
            begun.add(partition)
        elif partition in begun - seen:
            unseen.add(partition)
    return sorted(unseen)


def a_former_owner_resumes(site: Site, step: Step, **life: object) -> None:
    """Stop a worker at a step until another has done all the rest, let it go on, and check what came of it."""
    site.write(crowd(7, 2_000))
    with process(site, "paused", SMALL, step=step, nth=40, how=signal.SIGSTOP, **life) as paused:
        until(lambda: paused.is_stopped, 60, lambda: f"the stop: {paused.said[-1_000:]}")
        with process(site, "other", SMALL, **life) as other:
            site.settle(other)
            done, said = len(paused.deeds), len(paused.said)
            paused.resume()
            until(lambda: len(paused.said) > said, 60, "a word of the one that was paused")
            site.settle(other, paused)
            assert other.stop() == 0
        site.settle(paused)
        assert paused.stop() == 0
    harmed = written_unseen(paused.deeds[done:])
    assert not harmed, f"law 6: a former owner wrote onto what it had not seen: {harmed}"
    check(site, shipped_without_ids())


@pytest.mark.kafka
@pytest.mark.redis
@pytest.mark.parametrize("step", ["before EXEC", "on the way"])
def test_a_former_owner_that_resumes_can_harm_nothing(real_site: Site, step: Step) -> None:
    a_former_owner_resumes(real_site, step)


@pytest.mark.kafka
@pytest.mark.redis
@pytest.mark.parametrize(
    ("step", "without", "broken"),
    [
        ("before EXEC", {"store": StoreWithoutCompare}, "law 6: a former owner wrote onto what it had not seen"),
        ("on the way", {"claims": False}, "law 5: the newest membership is not that of the replay"),
    ],
    ids=["compare-and-swap", "claims"],
)
def test_control_without_a_safeguard_a_former_owner_does_harm(
    real_site: Site, step: Step, without: dict[str, Any], broken: str
) -> None:
    """Without the compare-and-swap it overwrites newer state; without claims it leaves an old membership last."""
    with pytest.raises(AssertionError, match=f"^{broken}"):
        a_former_owner_resumes(real_site, step, **without)
