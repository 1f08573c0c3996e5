"""What grows in the benchmarks grows as they say: rules, dimensions, cold reads, timers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench import equal, rulesets
from bench.dimensions import without
from bench.lone import lone
from bench.scaling import compared, leaving_rules, many_rules, purchases_of, ticks_of_a_minute, town_of
from bench.servers import Servers
from bench.shelf import Shelf
from stream.adapters.embedded import EmbeddedValkey
from stream.adapters.files import read_rules


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """A Valkey; nothing here needs a broker."""
    valkey = EmbeddedValkey(tmp_path_factory.mktemp("valkey"))
    yield Servers("", valkey.url, valkey.child_pid, valkey.child_pid, "none", False, "Valkey")
    valkey.stop()


def test_of_many_rules_five_ask_about_the_event(tmp_path: Path) -> None:
    files = many_rules(12)
    assert sum("did: purchase" in text for text in files.values()) == 5
    assert rulesets.written(tmp_path / "many", files).segments == 12


def test_the_cost_of_each_size_stands_against_the_first() -> None:
    rows: list[Any] = [{"µs CPU/event": 2.0}, {"µs CPU/event": 3.0}, {"µs CPU/event": None}]
    assert [row.get("÷ first") for row in compared(rows)] == [1.0, 1.5, None]


def test_the_active_customers_are_the_same_in_every_town() -> None:
    small, large = (town_of(count, 10, [b"one", b"two", b"three"]) for count in (10, 105))
    assert (len(small), len(large)) == (10, 105)
    assert {name: large[name] for name in small} == small
    places = [place for place, name in enumerate(large) if name in small]
    assert places == list(range(0, 100, 10))


def test_what_looks_at_a_dimension_goes_with_it() -> None:
    gone, rules = without(read_rules(rulesets.STARTER), "lifecycle")
    assert gone == ["lifecycle", "audiences.win_back"]
    assert sorted(each.name for each in rules.plan.dimensions) == [
        "audiences.cart_left_behind",
        "audiences.review_request",
        "audiences.second_purchase_nudge",
        "value",
    ]


def test_so_many_timers_fire_in_the_minute(tmp_path: Path) -> None:
    shelf = Shelf(rulesets.written(tmp_path / "leaving", leaving_rules()).rules.plan)
    shelf.work(purchases_of(customers=50, due=20))
    assert shelf.transitions == 50
    shelf.work(ticks_of_a_minute())
    assert shelf.transitions == 70


@pytest.mark.servers
async def test_a_partition_without_a_cache_reads_every_customer_of_a_slice(servers: Servers) -> None:
    log = equal.log(300, customers=10, skew=1.0)
    async with lone(servers, equal.rules(), slice_records=50) as warm:
        found = await warm.work(log.records())
        assert found["cold reads/event"] == found["first records/event"] == 10 / 300
        assert found["transitions/event"] == equal.changes(log.purchases).total() / 300
    async with lone(servers, equal.rules(), slice_records=50, cache_bytes=0) as cold:
        found = await cold.work(log.records())
        customers_of_slices = sum(
            len({each.customer_id for each in log.purchases[i : i + 50]}) for i in range(0, 300, 50)
        )
        assert found["cold reads/event"] == customers_of_slices / 300
        assert found["first records/event"] == 10 / 300
