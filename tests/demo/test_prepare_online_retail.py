"""The demo file from a small piece of the real one: links, splits, minutes, rounding, the same bytes again."""

import csv
import gzip
from pathlib import Path

import pytest

from demo.prepare_online_retail import Record, lines_of_customers, link_cancellations, main, packed, records, shares

# customer 17 buys mugs three times and plates once; C10 takes back from two orders and one thing never sold
EXCERPT = """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1,MUG,MUG,6,2011-01-10T08:26,2.55,17,France
1,PLATE,PLATE,2,2011-01-10T08:27,1.005,17,France
2,MUG,MUG,3,2011-07-10T09:00,2.55,17,France
3,MUG,MUG,9,2011-07-11T09:00,2.10,17,France
C10,MUG,MUG,-3,2011-07-12T10:00,2.55,17,France
C10,PLATE,PLATE,-2,2011-07-12T10:00,1.005,17,France
C10,BOWL,BOWL,-1,2011-07-12T10:00,4.00,17,France
C11,MUG,MUG,-4,2011-07-13T10:00,2.55,17,France
C12,MUG,MUG,-1,2011-07-13T11:00,2.55,18,France
C13,LAMP,LAMP,-1,2011-08-01T10:00,8.00,19,Spain
4,LAMP,LAMP,1,2011-08-01T10:00,8.00,19,Spain
5,LAMP,GIFT,1,2011-08-02T10:00,0.00,20,Spain
6,LAMP,COUNTED AGAIN,-7,2011-08-02T10:00,0.00,,Spain
7,LAMP,LAMP,1,2011-08-02T10:00,8.00,,Spain
"""


@pytest.fixture
def found() -> list[Record]:
    lines = list(lines_of_customers(csv.DictReader(EXCERPT.splitlines())))
    return records(lines, link_cancellations(lines))


def refunds(found: list[Record]) -> set[tuple[str, str, int]]:
    return {(row.document, row.order_id, row.amount_minor) for row in found if row.kind == "refund"}


def test_one_order_per_invoice_in_utc_minutes_from_its_first_line(found: list[Record]) -> None:
    orders = {row.order_id: (row.at, row.amount_minor) for row in found if row.kind == "order"}
    assert orders == {
        "1": ("2011-01-10T08:26Z", 1731),  # 15.30 + 2.010
        "2": ("2011-07-10T08:00Z", 765),
        "3": ("2011-07-11T08:00Z", 1890),
        "4": ("2011-08-01T09:00Z", 800),
        "5": ("2011-08-02T09:00Z", 0),
    }


def test_a_document_becomes_one_refund_per_order(found: list[Record]) -> None:
    assert {("C10", "2", 765), ("C10", "1", 201), ("C10", "C10", 400)} <= refunds(found)


def test_an_order_too_small_does_not_fit(found: list[Record]) -> None:
    """Four mugs at 2.55 cannot come from order 2, which has three, nor from order 3, which is cheaper."""
    assert ("C11", "1", 1020) in refunds(found)


def test_another_customers_order_does_not_fit(found: list[Record]) -> None:
    assert ("C12", "C12", 255) in refunds(found)


def test_at_the_same_minute_the_order_comes_first(found: list[Record]) -> None:
    assert [(row.kind, row.order_id) for row in found if row.customer_id == "19"] == [("order", "4"), ("refund", "4")]


def test_shares_count_lines_and_documents() -> None:
    lines = list(lines_of_customers(csv.DictReader(EXCERPT.splitlines())))
    assert shares(link_cancellations(lines)) == (
        "4 of 6 cancelled lines link to an order.\n"
        "Of 4 documents 2 belong wholly to one order, 0 to several, 1 in part, 1 to none.\n"
    )


def test_the_same_rows_give_the_same_bytes(found: list[Record]) -> None:
    assert packed(found) == packed(list(found))
    assert gzip.decompress(packed(found)).decode().splitlines()[1].startswith("17,order,1,1,2011-01-10T08:26Z,1731,")


def test_from_file_to_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "in.csv.gz", tmp_path / "out.csv.gz"
    source.write_bytes(gzip.compress(EXCERPT.encode()))
    assert main([str(source), str(target)]) == 0
    assert capsys.readouterr().out.startswith("5 orders and 6 refunds of 4 customers.\n4 of 6 ")
    assert len(gzip.decompress(target.read_bytes()).splitlines()) == 12


def test_wrong_usage_says_how(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["only one"]) == 2
    assert "usage: python demo/prepare_online_retail.py" in capsys.readouterr().err
