"""The compact Online Retail file as canonical events, moved by whole days so that it ends on a given day.

The file is described in `demo/README.md`. Days move in the shop's zone: an order of nine in the morning stays one, also
when the clocks change in between.
"""

import csv
import gzip
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

SHOP_ZONE = ZoneInfo("Europe/London")
SOURCE = "online_retail"
_EVENT_NAMES = {"order": "order_placed", "refund": "order_refunded"}


class Row(NamedTuple):
    """One row of the compact file, as text; `at` is a UTC minute, `amount_minor` counts minor units."""

    customer_id: str
    kind: str
    document: str
    order_id: str
    at: str
    amount_minor: str
    currency: str
    country: str


def orders(path: Path, last_day: date | None, zone: ZoneInfo = SHOP_ZONE) -> Iterator[dict[str, Any]]:
    """Orders and refunds as canonical events in the order of time; those of the file's last day fall on `last_day`.

    Without a `last_day` they are dated as they were. A customer's country comes with the first event that tells it.
    Raises OSError where the file cannot be read.
    """
    found = rows(path)
    days = 0 if last_day is None else shift_days(found, last_day, zone)
    told: dict[str, str] = {}
    for row in found:
        event = _event(row, _shifted(row.at, days, zone))
        if told.get(row.customer_id) != row.country:
            told[row.customer_id] = row.country
            event["traits"] = {"country": row.country}
        yield event


def rows(path: Path) -> list[Row]:
    """The rows of the file in the order of time, without the header."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines)
        next(reader)
        return [Row(*values) for values in reader]


def shift_days(found: list[Row], last_day: date, zone: ZoneInfo = SHOP_ZONE) -> int:
    """How many whole days of the zone lie between the last row and `last_day`; negative where the file ends later."""
    return (last_day - datetime.fromisoformat(found[-1].at).astimezone(zone).date()).days


def customers(path: Path) -> list[str]:
    """The customers of the file, those with most orders and refunds first: the order `traffic` wants."""
    return [customer for customer, _ in Counter(row.customer_id for row in rows(path)).most_common()]


def _event(row: Row, occurred_at: str) -> dict[str, Any]:
    return {
        "event_id": row.document if row.kind == "order" else f"{row.document}/{row.order_id}",
        "source": SOURCE,
        "name": _EVENT_NAMES[row.kind],
        "customer_id": row.customer_id,
        "occurred_at": occurred_at,
        "properties": {
            "order_id": row.order_id,
            "amount": f"{Decimal(row.amount_minor).scaleb(-2):.2f}",
            "currency": row.currency,
        },
    }


def _shifted(at: str, days: int, zone: ZoneInfo) -> str:
    # adding days to a local time keeps the time on the clock, which is what "whole days in the zone" means
    local = datetime.fromisoformat(at).astimezone(zone) + timedelta(days=days)
    return local.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
