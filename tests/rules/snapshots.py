"""The inputs and the expected members of the two published lifecycle snapshots.

Input: one order per customer and day with a purchase, stamped 00:00 UTC. Online Retail counts valid purchases only (a
customer is named, no cancellation, quantity and price above zero); its 16,763 customer-days are shipped beside this
file (CC0; Chen, Sain & Guo 2012). CDNOW must not be shipped and is read from the folder that `PUBLIC_DATA` names; with
that folder the shipped days can be made again from the full file, too.
"""

import csv
import gzip
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SHIPPED_DAYS = Path(__file__).with_name("online_retail_days.csv.gz")

CustomerDay = tuple[str, str]


@dataclass(frozen=True)
class Snapshot:
    """What a lifecycle must hold on one input: `members` by segment, as of `as_of_ms`, what is due then included."""

    name: str
    personal_gap_mean_ms: int
    as_of_ms: int
    history_since: str
    members: dict[str, int]


def _midnight_ms(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1_000


ONLINE_RETAIL = Snapshot(
    name="online_retail",
    personal_gap_mean_ms=3_944_756_000,  # 45.6569 days, as in the starter rules
    as_of_ms=_midnight_ms("2011-12-09"),
    history_since="2009-01-01",
    members={
        "new": 672,
        "active": 904,
        "loyal": 1_280,
        "at_risk": 400,
        "dormant": 528,
        "churned": 396,
        "reactivated": 158,
    },
)
CDNOW = Snapshot(
    name="cdnow",
    personal_gap_mean_ms=6_239_290_000,  # 72.2140 days
    as_of_ms=_midnight_ms("1998-06-30"),
    history_since="1996-01-01",
    members={
        "active": 2_059,
        "loyal": 3_236,
        "at_risk": 1_611,
        "dormant": 1_531,
        "churned": 14_812,
        "reactivated": 321,
    },
)


def full_folder() -> Path | None:
    """The folder with the full public files, or None where nobody named one."""
    named = os.environ.get("PUBLIC_DATA")
    return Path(named) if named else None


def shipped_days() -> list[CustomerDay]:
    """The customer-days of Online Retail in the order of time."""
    with gzip.open(SHIPPED_DAYS, "rt", encoding="utf-8", newline="") as lines:
        return [(row["customer_id"], row["day"]) for row in csv.DictReader(lines)]


def online_retail_days(folder: Path) -> list[CustomerDay]:
    """The same, from the full file `online_retail.csv.gz`."""
    return _in_order(
        (row["CustomerID"], row["InvoiceDate"][:10]) for row in _rows(folder, "online_retail") if _is_valid(row)
    )


def cdnow_days(folder: Path) -> list[CustomerDay]:
    """The customer-days of `cdnow_master.csv.gz` in the order of time; free CDs are purchases, too."""
    return _in_order((row["customer_id"], row["date"]) for row in _rows(folder, "cdnow_master"))


def orders(days: Iterable[CustomerDay], currency: str = "GBP") -> Iterator[dict[str, Any]]:
    """One canonical `order_placed` per customer-day, at 00:00 UTC; the amount plays no part."""
    for customer, day in days:
        yield {
            "event_id": f"{customer}-{day}",
            "source": "snapshot",
            "name": "order_placed",
            "customer_id": customer,
            "occurred_at": f"{day}T00:00:00.000Z",
            "properties": {"order_id": f"{customer}-{day}", "amount": "1.00", "currency": currency},
        }


def at_ms(day: str) -> int:
    """The first instant of a day in UTC."""
    return _midnight_ms(day)


def packed(days: Iterable[CustomerDay]) -> bytes:
    """The customer-days as the bytes of the shipped file."""
    text = "customer_id,day\n" + "".join(f"{customer},{day}\n" for customer, day in days)
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)


def _in_order(days: Iterable[CustomerDay]) -> list[CustomerDay]:
    return sorted(set(days), key=lambda each: (each[1], each[0]))


def _rows(folder: Path, name: str) -> Iterator[dict[str, str]]:
    with gzip.open(folder / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _is_valid(row: dict[str, str]) -> bool:
    named = bool(row["CustomerID"]) and not row["InvoiceNo"].startswith("C")
    return named and int(row["Quantity"]) > 0 and float(row["UnitPrice"]) > 0
