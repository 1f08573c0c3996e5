"""Make the compact demo file from Online Retail: one order per invoice, one refund per cancelled order.

    python demo/prepare_online_retail.py online_retail.csv.gz demo/online_retail.csv.gz

Online Retail has no link from a cancellation to what it cancels. Each cancelled line is therefore linked to the latest
earlier order of the same customer that sold at least as many of the same item at the same price. A document becomes one
refund per order it reaches; what reaches none keeps the document's own number as its order id.
"""

import csv
import gzip
import io
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

SHOP_ZONE = ZoneInfo("Europe/London")
COLUMNS = ("customer_id", "kind", "document", "order_id", "at", "amount_minor", "currency", "country")
USAGE = "usage: python demo/prepare_online_retail.py PATH_TO_online_retail.csv.gz OUT\n"


class Line(NamedTuple):
    """One line of an invoice or of a cancellation; `at` is the shop's local minute, prices are thousandths."""

    document: str
    item: str
    quantity: int
    at: str
    price_thousandths: int
    customer: str
    country: str

    @property
    def is_cancelled(self) -> bool:
        """Whether the line takes goods back."""
        return self.document.startswith("C")

    @property
    def value(self) -> Decimal:
        """What the line is worth in minor units, unrounded and without sign."""
        return Decimal(abs(self.quantity) * self.price_thousandths) / 10


class Linked(NamedTuple):
    """A cancelled line and the order it takes back from; without one, `order_id` is its own document."""

    line: Line
    order_id: str

    @property
    def is_linked(self) -> bool:
        """Whether an order was found."""
        return self.order_id != self.line.document


class Record(NamedTuple):
    """One row of the compact file: an order, or a refund of one order; `at` is a UTC minute."""

    customer_id: str
    kind: str
    document: str
    order_id: str
    at: str
    amount_minor: int
    currency: str
    country: str


def lines_of_customers(rows: Iterable[dict[str, str]]) -> Iterator[Line]:
    """The lines we can use: a customer is named, and goods were sold or taken back (stock corrections are neither)."""
    for row in rows:
        line = Line(
            document=row["InvoiceNo"],
            item=row["StockCode"],
            quantity=int(row["Quantity"]),
            at=row["InvoiceDate"],
            price_thousandths=int(Decimal(row["UnitPrice"]) * 1000),
            customer=row["CustomerID"],
            country=row["Country"],
        )
        if line.customer and line.price_thousandths >= 0 and (line.quantity > 0) != line.is_cancelled:
            yield line


def link_cancellations(lines: Iterable[Line]) -> list[Linked]:
    """Every cancelled line with the latest earlier order that sold at least as many at that price."""
    sold: defaultdict[tuple[str, str, int], list[Line]] = defaultdict(list)
    linked = []
    # an order comes before a cancellation of the same minute
    for line in sorted(lines, key=lambda line: (line.at, line.is_cancelled)):
        candidates = sold[line.customer, line.item, line.price_thousandths]
        if line.is_cancelled:
            fitting = (sale.document for sale in reversed(candidates) if sale.quantity >= -line.quantity)
            linked.append(Linked(line, next(fitting, line.document)))
        else:
            candidates.append(line)
    return linked


def records(lines: Iterable[Line], linked: Iterable[Linked]) -> list[Record]:
    """Orders and refunds in the order of time; at one minute orders come first."""
    parts: defaultdict[tuple[str, str, str], list[Line]] = defaultdict(list)
    for line in lines:
        if not line.is_cancelled:
            parts["order", line.document, line.document].append(line)
    for line, order_id in linked:
        parts["refund", line.document, order_id].append(line)
    found = [_record(kind, document, order_id, group) for (kind, document, order_id), group in parts.items()]
    return sorted(found, key=lambda record: (record.at, record.kind, record.document, record.order_id))


def _record(kind: str, document: str, order_id: str, group: list[Line]) -> Record:
    # 31 documents were keyed in over two minutes: the first one counts
    first = min(group, key=lambda line: line.at)
    amount = sum((line.value for line in group), Decimal(0)).quantize(Decimal(1), ROUND_HALF_EVEN)
    return Record(first.customer, kind, document, order_id, _utc_minute(first.at), int(amount), "GBP", first.country)


def _utc_minute(local: str) -> str:
    moment = datetime.fromisoformat(local).replace(tzinfo=SHOP_ZONE).astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%MZ")


def shares(linked: Iterable[Linked]) -> str:
    """How much of the cancellations could be linked, in two sentences for people."""
    documents: defaultdict[str, list[Linked]] = defaultdict(list)
    for each in linked:
        documents[each.line.document].append(each)
    lines = Counter(each.is_linked for group in documents.values() for each in group)
    reach = Counter(_reach(group) for group in documents.values())
    return (
        f"{lines[True]:,} of {lines.total():,} cancelled lines link to an order.\n"
        f"Of {reach.total():,} documents {reach['one']:,} belong wholly to one order, {reach['several']:,} to several, "
        f"{reach['part']:,} in part, {reach['none']:,} to none.\n"
    )


def _reach(group: list[Linked]) -> str:
    linked = sum(each.is_linked for each in group)
    if linked == 0:
        return "none"
    if linked < len(group):
        return "part"
    return "one" if len({each.order_id for each in group}) == 1 else "several"


def packed(found: Iterable[Record]) -> bytes:
    """The rows as gzip CSV; the same rows give the same bytes (no name, no time inside)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(found)
    return gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0)


def main(arguments: list[str]) -> int:
    """Read one file, write the other, print the shares; exit 2 on wrong usage."""
    match arguments:
        case [source, target]:
            pass
        case _:
            sys.stderr.write(USAGE)
            return 2
    with gzip.open(source, "rt", encoding="utf-8", newline="") as rows:
        lines = list(lines_of_customers(csv.DictReader(rows)))
    linked = link_cancellations(lines)
    found = records(lines, linked)
    Path(target).write_bytes(packed(found))
    kinds = Counter(record.kind for record in found)
    customers = len({record.customer_id for record in found})
    sys.stdout.write(f"{kinds['order']:,} orders and {kinds['refund']:,} refunds of {customers:,} customers.\n")
    sys.stdout.write(shares(linked))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
