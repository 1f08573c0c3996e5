"""The traffic: looks like a shop, the same for the same seed, and the same from any instant on."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import islice, takewhile
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from stream.demo.traffic import EVENTS_PER_VISIT, Event, Shop, behaviour

DAY_MS = 86_400_000
BEGINS_MS = 1_795_000_000_000
CUSTOMERS = tuple(f"k-{rank}" for rank in range(4_372))
SHOP = Shop(seed=7, customers=CUSTOMERS, begins_ms=BEGINS_MS)
VOCABULARY = Path(__file__).parents[2] / "rules" / "vocabulary.yaml"


def first(count: int, shop: Shop = SHOP, start_ms: int = BEGINS_MS) -> list[tuple[int, Event]]:
    return list(islice(behaviour(shop, start_ms), count))


def until(end_ms: int, events: Iterator[tuple[int, Event]]) -> list[tuple[int, Event]]:
    return list(takewhile(lambda timed: timed[0] < end_ms, events))


@pytest.fixture(scope="module")
def settled() -> list[Event]:
    """200,000 events after 20 days: by then carts are ordered and goods come back at their usual pace."""
    return [event for _, event in first(200_000, start_ms=BEGINS_MS + 20 * DAY_MS)]


@pytest.fixture(scope="module")
def young() -> list[tuple[int, Event]]:
    """The first 12 days of a small shop, from its first minute."""
    shop = Shop(seed=11, customers=CUSTOMERS[:50], begins_ms=BEGINS_MS, events_per_minute=4.0)
    return until(BEGINS_MS + 12 * DAY_MS, behaviour(shop, BEGINS_MS))


def test_carts_and_orders_come_as_often_as_in_a_shop(settled: list[Event]) -> None:
    names = Counter(event["name"] for event in settled)
    assert names["cart_updated"] / names["product_viewed"] == pytest.approx(0.026, rel=0.08)
    assert names["order_placed"] / names["cart_updated"] == pytest.approx(0.324, rel=0.08)
    assert names["order_placed"] / names["product_viewed"] == pytest.approx(0.0084, rel=0.1)


def test_refunds_are_as_frequent_and_as_large_as_in_a_shop(settled: list[Event]) -> None:
    """16.5 % of documents and 6.9 % of value; a few hundred refunds leave room for chance."""
    names = Counter(event["name"] for event in settled)
    worth: Counter[str] = Counter()
    for event in settled:
        worth[event["name"]] += round(float(event["properties"].get("amount", 0)) * 100)
    documents = names["order_refunded"] + names["order_placed"]
    assert names["order_refunded"] / documents == pytest.approx(0.165, rel=0.15)
    assert worth["order_refunded"] / worth["order_placed"] == pytest.approx(0.069, rel=0.35)


def test_support_is_asked_now_and_then(settled: list[Event]) -> None:
    names = Counter(event["name"] for event in settled)
    assert names["support_contacted"] / names["order_placed"] == pytest.approx(0.12, rel=0.2)


def test_visits_are_short_with_a_few_long_ones(settled: list[Event]) -> None:
    parts = [event["event_id"].rsplit("-", 1) for event in settled if not event["customer_id"].startswith("bot-")]
    sizes = sorted(Counter(name for name, part in parts if part.isdigit()).values())
    assert sizes[len(sizes) // 2] in (3, 4)
    assert sum(sizes) / len(sizes) == pytest.approx(EVENTS_PER_VISIT, rel=0.1)


def test_a_fifth_of_the_known_customers_makes_three_quarters_of_the_visits(settled: list[Event]) -> None:
    visits = Counter(event["customer_id"] for event in settled if event["event_id"].endswith("-0"))
    busy = sum(visits[customer] for customer in CUSTOMERS[: len(CUSTOMERS) // 5])
    known = sum(visits[customer] for customer in CUSTOMERS)
    assert busy / known == pytest.approx(0.746, abs=0.02)
    assert visits[CUSTOMERS[0]] / known < 0.03


def test_new_customers_come_and_some_come_again(settled: list[Event]) -> None:
    visits = Counter(event["customer_id"] for event in settled if event["event_id"].endswith("-0"))
    new = {customer: count for customer, count in visits.items() if customer.startswith("n-")}
    assert sum(new.values()) / visits.total() == pytest.approx(0.15, rel=0.1)
    assert 0.2 < sum(count > 1 for count in new.values()) / len(new) < 0.8


def test_a_few_bots_make_thousands_of_events(settled: list[Event]) -> None:
    bots = Counter(event["customer_id"] for event in settled if event["customer_id"].startswith("bot-"))
    assert len(bots) <= 3
    assert bots.total() > 2_000
    assert {event["name"] for event in settled if event["customer_id"] in bots} <= {
        "product_viewed",
        "search",
        "support_contacted",
    }


@pytest.mark.parametrize("events_per_minute", [0.7, 60.0, 1_200.0])
def test_the_rate_is_what_was_asked_for(events_per_minute: float) -> None:
    shop = Shop(seed=3, customers=CUSTOMERS, begins_ms=BEGINS_MS, events_per_minute=events_per_minute)
    start_ms = BEGINS_MS + 20 * DAY_MS
    events = first(40_000 if events_per_minute > 1 else 5_000, shop, start_ms)
    minutes = (events[-1][0] - start_ms) / 60_000
    assert len(events) / minutes == pytest.approx(events_per_minute, rel=0.2)


def test_the_same_seed_gives_the_same_events_and_another_seed_others() -> None:
    assert first(3_000) == first(3_000)
    other = Shop(seed=8, customers=CUSTOMERS, begins_ms=BEGINS_MS)
    assert {event["event_id"] for _, event in first(3_000)}.isdisjoint(
        event["event_id"] for _, event in first(3_000, other)
    )


@pytest.mark.parametrize("later_ms", [1, 59_999, 60_000, 5_400_001, 6 * 3_600_000])
def test_it_goes_on_from_any_instant_as_if_never_stopped(later_ms: int) -> None:
    start_ms = BEGINS_MS + 14 * DAY_MS
    end_ms = start_ms + 8 * 3_600_000
    whole = until(end_ms, behaviour(SHOP, start_ms))
    rest = until(end_ms, behaviour(SHOP, start_ms + later_ms))
    assert rest == [timed for timed in whole if timed[0] >= start_ms + later_ms]
    assert rest


def test_times_never_go_back_and_ids_are_used_once(young: list[tuple[int, Event]]) -> None:
    times = [at_ms for at_ms, _ in young]
    assert times == sorted(times)
    assert len({event["event_id"] for _, event in young}) == len(young)


def test_the_event_carries_its_instant(young: list[tuple[int, Event]]) -> None:
    for at_ms, event in young[::97]:
        assert event["occurred_at"].endswith("Z")
        assert round(datetime.fromisoformat(event["occurred_at"]).timestamp() * 1_000) == at_ms


def test_nobody_comes_before_the_shop_begins() -> None:
    assert first(50, start_ms=BEGINS_MS - 30 * DAY_MS) == first(50)


def test_orders_follow_carts_and_refunds_follow_orders(young: list[tuple[int, Event]]) -> None:
    """From the first minute on nothing is ordered that was in no cart, and nothing comes back that was not ordered."""
    carts: dict[str, str] = {}
    orders: dict[str, tuple[str, float]] = {}
    for _, event in young:
        facts, customer = event["properties"], event["customer_id"]
        if event["name"] == "cart_updated":
            carts[facts["cart_id"]] = customer
        elif event["name"] == "order_placed":
            assert carts[facts["cart_id"]] == customer
            orders[facts["order_id"]] = customer, float(facts["amount"])
        elif event["name"] == "order_refunded":
            buyer, amount = orders[facts["order_id"]]
            assert (buyer, float(facts["amount"]) <= amount) == (customer, True)
    assert len(orders) > 100
    assert sum(event["name"] == "order_refunded" for _, event in young) > 10


def test_half_of_the_orders_come_the_day_after_the_cart(young: list[tuple[int, Event]]) -> None:
    filled: dict[str, int] = {}
    hours = []
    for at_ms, event in young:
        cart = event["properties"].get("cart_id", "")
        if event["name"] == "cart_updated":
            filled.setdefault(cart, at_ms)
        elif event["name"] == "order_placed":
            hours.append((at_ms - filled[cart]) / 3_600_000)
    hours.sort()
    late = [each for each in hours if each > 0.5]
    assert 0.55 < len(late) / len(hours) < 0.85
    assert late[len(late) // 2] == pytest.approx(17.9, rel=0.4)
    assert late[-1] < 101


def test_everything_is_in_the_vocabulary_of_the_starter_rules(settled: list[Event]) -> None:
    vocabulary = YAML(typ="safe").load(VOCABULARY.read_text(encoding="utf-8"))
    for event in settled[:50_000]:
        known = vocabulary["events"][event["name"]]["properties"].keys() | {"currency"}
        assert event["properties"].keys() <= known
        assert event.get("traits", {}).keys() <= vocabulary["traits"].keys()


def test_a_shop_without_known_customers_has_only_new_ones() -> None:
    events = first(500, Shop(seed=1, customers=(), begins_ms=BEGINS_MS))
    assert all(event["customer_id"].startswith(("n-", "bot-")) for _, event in events)
