"""The history: real rows as canonical events, whole days moved in the shop's zone."""

import gzip
import hashlib
from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from stream.demo import history

SHIPPED = Path(__file__).parents[2] / "demo" / "online_retail.csv.gz"
HEADER = "customer_id,kind,document,order_id,at,amount_minor,currency,country\n"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Two customers over the spring change of clocks of 2011 (27 March), and a partial refund."""
    path = tmp_path / "small.csv.gz"
    path.write_bytes(
        gzip.compress(
            (
                HEADER + "7,order,501,501,2011-03-26T09:00Z,1250,GBP,United Kingdom\n"
                "8,order,502,502,2011-03-28T08:00Z,5,GBP,France\n"
                "7,refund,C503,501,2011-03-28T09:30Z,250,GBP,United Kingdom\n"
                "8,order,504,504,2011-03-28T10:00Z,100,GBP,Spain\n"
            ).encode()
        )
    )
    return path


def test_an_order_is_a_canonical_event(small: Path) -> None:
    assert next(history.orders(small, date(2011, 3, 28))) == {
        "event_id": "501",
        "source": "online_retail",
        "name": "order_placed",
        "customer_id": "7",
        "occurred_at": "2011-03-26T09:00:00.000Z",
        "properties": {"order_id": "501", "amount": "12.50", "currency": "GBP"},
        "traits": {"country": "United Kingdom"},
    }


def test_a_refund_names_its_order(small: Path) -> None:
    refund = list(history.orders(small, date(2011, 3, 28)))[2]
    assert (refund["name"], refund["event_id"]) == ("order_refunded", "C503/501")
    assert refund["properties"] == {"order_id": "501", "amount": "2.50", "currency": "GBP"}


def test_the_country_is_told_at_first_sight_and_when_it_changes(small: Path) -> None:
    told = [event.get("traits") for event in history.orders(small, date(2011, 3, 28))]
    assert told == [{"country": "United Kingdom"}, {"country": "France"}, None, {"country": "Spain"}]


def test_days_move_on_the_shops_clock(small: Path) -> None:
    """Nine o'clock in winter and nine o'clock in summer are an hour apart in UTC; both stay nine o'clock."""
    times = [event["occurred_at"] for event in history.orders(small, date(2026, 11, 22))]
    assert times[0] == "2026-11-20T09:00:00.000Z"
    assert times[1] == "2026-11-22T09:00:00.000Z"


def test_without_a_last_day_they_are_dated_as_they_were(small: Path) -> None:
    last = history.rows(small)[-1].at
    assert list(history.orders(small, None)) == list(history.orders(small, datetime.fromisoformat(last).date()))


def test_customers_come_with_the_busiest_first(small: Path) -> None:
    assert history.customers(small) == ["7", "8"]


@pytest.mark.parametrize("last_day", [date(2026, 11, 22), date(2027, 3, 28), date(2028, 2, 29)])
def test_the_shipped_file_ends_on_the_day_and_never_goes_back(last_day: date) -> None:
    events = list(history.orders(SHIPPED, last_day))
    times = [event["occurred_at"] for event in events]
    zone = ZoneInfo("Europe/London")
    assert times == sorted(times)
    assert datetime.fromisoformat(times[-1]).astimezone(zone).date() == last_day
    assert datetime.fromisoformat(times[-1]).astimezone(zone).strftime("%H:%M") == "12:50"


def test_the_shipped_file_holds_what_its_readme_says() -> None:
    events = list(history.orders(SHIPPED, date(2011, 12, 9)))
    assert Counter(event["name"] for event in events) == {"order_placed": 18_536, "order_refunded": 4_610}
    assert len({event["customer_id"] for event in events}) == 4_372
    assert len({event["event_id"] for event in events}) == len(events)
    placed = {event["event_id"] for event in events if event["name"] == "order_placed"}
    refunds = [event for event in events if event["name"] == "order_refunded"]
    assert sum(event["properties"]["order_id"] in placed for event in refunds) == 3_638


@pytest.mark.parametrize("customer", ["12346", "16446"])
def test_the_two_giant_orders_are_given_back_whole(customer: str) -> None:
    """Somebody ordered 74,215 and somebody 80,995 of one thing by mistake; both were cancelled within minutes."""
    left: Counter[str] = Counter()
    for event in history.orders(SHIPPED, date(2011, 12, 9)):
        if event["customer_id"] == customer:
            sign = 1 if event["name"] == "order_placed" else -1
            left[event["properties"]["order_id"]] += sign * int(Decimal(event["properties"]["amount"]) * 100)
    assert 0 in left.values()
    assert sum(left.values()) == {"12346": 0, "16446": 290}[customer]


def test_the_readme_names_the_checksum_of_the_shipped_file() -> None:
    readme = SHIPPED.with_name("README.md").read_text(encoding="utf-8")
    assert hashlib.sha256(SHIPPED.read_bytes()).hexdigest() in readme
