"""The inputs of the lifecycle snapshots are what they say: the published figures follow from them by plain arithmetic.

No engine here: one customer at a time, straight from the sentences of the lifecycle. What the engine makes of the same
input is tested in `test_lifecycle_snapshots.py`.
"""

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from tests.rules import snapshots
from tests.rules.snapshots import CDNOW, ONLINE_RETAIL, CustomerDay, Snapshot

DAY_MS = 86_400_000


def silence_ms(days: list[int], gap_mean_ms: int, factor: float, floor_days: int) -> float:
    """How long this customer may be quiet before the state of `factor` and `floor_days` begins."""
    gap_ms = (2 * gap_mean_ms + days[-1] - days[0]) // (1 + len(days))
    return max(factor * gap_ms, floor_days * DAY_MS)


def reactivated_since_ms(days: list[int], gap_mean_ms: int) -> int | None:
    """When the customer last came back from being dormant, if ever, with no day at risk after it."""
    since = None
    for place in range(1, len(days)):
        before, quiet = days[:place], days[place] - days[place - 1]
        if quiet > silence_ms(before, gap_mean_ms, 3.5, 30):
            since = days[place]
        elif quiet > silence_ms(before, gap_mean_ms, 2, 14):
            since = None
    return since


def state(days: list[int], gap_mean_ms: int, as_of_ms: int) -> str:
    """The lifecycle of a customer with orders on these days, what is due at `as_of_ms` included."""
    quiet = as_of_ms - days[-1]
    for name, factor, floor_days in (("churned", 6, 90), ("dormant", 3.5, 30), ("at_risk", 2, 14)):
        if quiet >= silence_ms(days, gap_mean_ms, factor, floor_days):
            return name
    back = reactivated_since_ms(days, gap_mean_ms)
    if back is not None and as_of_ms < back + 30 * DAY_MS:
        return "reactivated"
    return "loyal" if len(days) >= 4 else "new" if len(days) == 1 else "active"


def members(found: list[CustomerDay], snapshot: Snapshot) -> dict[str, int]:
    """How many customers each state has."""
    days: defaultdict[str, list[int]] = defaultdict(list)
    for customer, day in found:
        if snapshots.at_ms(day) <= snapshot.as_of_ms:
            days[customer].append(snapshots.at_ms(day))
    return dict(Counter(state(each, snapshot.personal_gap_mean_ms, snapshot.as_of_ms) for each in days.values()))


@pytest.fixture
def folder() -> Path:
    """The folder with the full public files."""
    found = snapshots.full_folder()
    if found is None:
        pytest.skip("PUBLIC_DATA names no folder with the full public files")
    return found


def test_the_shipped_days_give_the_published_figures() -> None:
    days = snapshots.shipped_days()
    assert (len(days), len({customer for customer, _ in days})) == (16_763, 4_338)
    assert members(days, ONLINE_RETAIL) == ONLINE_RETAIL.members


def test_one_order_per_customer_and_day_in_the_order_of_time() -> None:
    events = list(snapshots.orders(snapshots.shipped_days()))
    times = [event["occurred_at"] for event in events]
    assert times == sorted(times)
    assert len({event["event_id"] for event in events}) == len(events) == 16_763
    assert events[0]["occurred_at"] == "2010-12-01T00:00:00.000Z"
    assert events[0]["properties"].keys() == {"order_id", "amount", "currency"}


@pytest.mark.nightly
def test_the_shipped_days_are_those_of_the_full_file(folder: Path) -> None:
    full = snapshots.online_retail_days(folder)
    assert full == snapshots.shipped_days()


@pytest.mark.nightly
def test_the_days_of_cdnow_give_the_published_figures(folder: Path) -> None:
    days = snapshots.cdnow_days(folder)
    assert (len(days), len({customer for customer, _ in days})) == (67_591, 23_570)
    assert members(days, CDNOW) == CDNOW.members
