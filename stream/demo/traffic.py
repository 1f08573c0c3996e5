"""Made-up behaviour that looks like a shop: visits of known and new customers, carts, orders, refunds, a few bots.

Nothing is remembered between events. Every simulated minute has its own seed, so a minute can be made again at any
time; what happens later (coming back to a cart, sending goods back) is found by making the minute again in which it
began. Therefore `behaviour(shop, t)` is exactly the rest of `behaviour(shop, s)` from `t` on.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from random import Random
from typing import Any

from stream.demo import visits
from stream.demo.visits import MINUTE_MS, Visit

Event = dict[str, Any]

# one visit with everything that follows from it makes so many events on the average; a test holds it
EVENTS_PER_VISIT = 6.3
# a visit is over within so many minutes, so that a start in the middle needs to look back no further
LONGEST_VISIT_MINUTES = 60
# a new customer who was not seen among so many others is gone
NEWCOMERS_REMEMBERED = 3_000
EVENED_RANKS = 8

# minutes from a visit that left a cart to the one that orders it: median 18 h, 90 % within 79 h, none during the visit
RETURN_DELAYS = (65, 120, 240, 420, 620, 800, 960, 1_070, 1_200, 1_480, 1_900, 2_400, 3_000, 3_700, 4_740, 6_000)
# minutes from there to the refund: one to twelve days
REFUND_DELAYS = (1_500, 2_900, 4_300, 5_800, 7_200, 8_700, 11_500, 17_300)
_REFUND_PATHS = tuple(product(RETURN_DELAYS, REFUND_DELAYS))


@dataclass(frozen=True, slots=True)
class Shop:
    """Everything that decides the behaviour: the same shop gives the same events.

    `customers` are those already known, the busiest first; `begins_ms` is the instant before which nobody came.
    """

    seed: int
    customers: tuple[str, ...]
    begins_ms: int
    events_per_minute: float = 60.0
    new_share: float = 0.15
    currency: str = "GBP"


def behaviour(shop: Shop, start_ms: int) -> Iterator[tuple[int, Event]]:
    """The events of the shop from `start_ms` on, without end, in the order of time: (instant in ms, event)."""
    first_minute = max(start_ms, shop.begins_ms) // MINUTE_MS
    pending: defaultdict[int, list[tuple[int, Event]]] = defaultdict(list)
    for minute in range(first_minute - LONGEST_VISIT_MINUTES, first_minute):
        _plan(shop, minute, pending)
    minute = first_minute
    while True:
        _plan(shop, minute, pending)
        for at_ms, event in sorted(pending.pop(minute, ()), key=_when):
            if at_ms >= start_ms:
                yield at_ms, event
        minute += 1


def _when(timed: tuple[int, Event]) -> tuple[int, str]:
    # the id settles the order of one instant, whichever minute was made first
    return timed[0], timed[1]["event_id"]


def _plan(shop: Shop, minute: int, pending: defaultdict[int, list[tuple[int, Event]]]) -> None:
    """Put all that begins in this minute where its instants belong."""
    for visit in _visits(shop, minute):
        for timed in visits.browse(visit):
            pending[timed[0] // MINUTE_MS].append(timed)
    for origin in _returning(shop, minute):
        for visit in _visits(shop, origin):
            if visit.orders_later:
                for timed in visits.come_back(visit, minute):
                    pending[timed[0] // MINUTE_MS].append(timed)
    for origin in _refunding(shop, minute):
        for visit in _visits(shop, origin):
            if visit.refunded_share:
                pending[minute].append(visits.refund(visit, minute))


def _visits(shop: Shop, minute: int) -> Iterator[Visit]:
    """The visits that begin in a minute, the same ones each time they are asked for."""
    if minute * MINUTE_MS < shop.begins_ms:
        return
    chance = Random(_mixed(shop.seed, minute, 0))
    expected = shop.events_per_minute / EVENTS_PER_VISIT
    prefix = f"{shop.seed:x}-{minute:x}"
    for number in range(int(expected) + (chance.random() < expected % 1)):
        customer = _customer(shop, minute, chance.random())
        yield visits.visit(chance, customer, minute * MINUTE_MS, f"{prefix}-{number}", shop.currency)


def _customer(shop: Shop, minute: int, chance: float) -> str:
    """Who comes: a few often, most seldom; among the new ones the latest most often."""
    share = shop.new_share
    if chance >= share and shop.customers:
        return shop.customers[_rank(len(shop.customers), (chance - share) / (1 - share))]
    visits_a_minute = shop.events_per_minute / EVENTS_PER_VISIT
    minutes = minute - shop.begins_ms // MINUTE_MS
    arrived = int(minutes * visits_a_minute * share * visits.FIRST_VISIT_SHARE) + 1
    return f"n-{arrived - _rank(min(arrived, NEWCOMERS_REMEMBERED), chance / share if shop.customers else chance)}"


def _rank(count: int, chance: float) -> int:
    """Zipf's law with the first ranks evened out: of 4,372 customers the first 20 % make 74.6 % of the visits."""
    rank = int(EVENED_RANKS * ((count + EVENED_RANKS) / EVENED_RANKS) ** chance - EVENED_RANKS)
    return min(rank, count - 1)  # rounding could reach the end


def _returning(shop: Shop, minute: int) -> Iterator[int]:
    """The minutes whose left carts are ordered in this one."""
    for late in RETURN_DELAYS:
        if _delays(shop.seed, minute - late)[0] == late:
            yield minute - late


def _refunding(shop: Shop, minute: int) -> Iterator[int]:
    """The minutes whose orders are given back in this one."""
    for late, later in _REFUND_PATHS:
        if _delays(shop.seed, minute - late - later) == (late, later):
            yield minute - late - later


# every minute is asked about 144 times within twelve days and a half
@lru_cache(maxsize=32_768)
def _delays(seed: int, minute: int) -> tuple[int, int]:
    """How many minutes later the carts left in a minute are ordered, and how many after that goods come back."""
    word = _mixed(seed, minute, 1)
    return RETURN_DELAYS[word % len(RETURN_DELAYS)], REFUND_DELAYS[word // 1_000 % len(REFUND_DELAYS)]


def _mixed(seed: int, minute: int, purpose: int) -> int:
    """A number that looks like chance, the same on every machine (splitmix64)."""
    word = (seed * 3 + purpose) * 0xD1342543DE82EF95 + minute * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    word = (word ^ word >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
    return word ^ word >> 31
