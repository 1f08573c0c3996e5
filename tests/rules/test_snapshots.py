"""The inputs of the lifecycle snapshots are what they say: the published figures follow from them by plain arithmetic.

No engine here. What the engine makes of the same input is tested in `test_lifecycle_snapshots.py`.
"""

from collections import Counter
from pathlib import Path

import pytest

from tests.rules import snapshots
from tests.rules.arithmetic import states
from tests.rules.snapshots import CDNOW, ONLINE_RETAIL


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
    assert Counter(states(days, ONLINE_RETAIL).values()) == ONLINE_RETAIL.members


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
    assert Counter(states(days, CDNOW).values()) == CDNOW.members
