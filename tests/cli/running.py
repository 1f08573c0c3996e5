"""The command as a person runs it, and small folders of rules to run it on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from stream.cli.main import app

VOCABULARY = """\
zone: Europe/London
currency: GBP
events:
  order_placed:
    title: An order was placed
    properties: {order_id: text, amount: money, category: text}
  order_refunded:
    title: Money went back
    reverses: order_placed
    properties: {order_id: text, amount: money}
  product_viewed: {title: Looked, properties: {product_id: text}}
traits:
  plan: {title: Plan, type: text}
"""
BUYER = """\
title: Buyer
owner: growth
enter:
  did: order_placed
  within: 7d
"""
BUYER_CASES = """\
tests:
  - name: an order of the last week
    events:
      - {at: 0d, did: order_placed, order_id: a, amount: 12.50}
    until: 10d
    expect:
      - {at: 0d, enters: buyer}
      - {at: 7d, leaves: buyer}
  - name: a view is no order
    events:
      - {at: 0d, did: product_viewed}
    until: 10d
    expect: []
"""
BUYERS = {"vocabulary.yaml": VOCABULARY, "audiences/buyer.yaml": BUYER, "audiences/buyer.test.yaml": BUYER_CASES}


def segments(*arguments: str | int | Path, stdin: bytes = b"", env: dict[str, str] | None = None) -> Result:
    """Run the command; whatever it raised that is no exit is raised here."""
    return CliRunner().invoke(
        app, [str(each) for each in arguments], input=stdin, env=env, catch_exceptions=False, prog_name="segments"
    )


def answer(*arguments: str | int | Path) -> tuple[int, Any]:
    """Run the command with --json, and return its exit code and its one JSON object."""
    result = segments(*arguments, "--json")
    (line,) = result.stdout.splitlines()
    return result.exit_code, json.loads(line)


def folder(place: Path, files: dict[str, str]) -> Path:
    """Write files, and return the folder they are in."""
    for name, text in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return place


def event(number: int, name: str = "order_placed", customer: str = "c-1", **parts: Any) -> str:
    """Return one line with a canonical event of day `number` of 2026."""
    day = f"2026-01-{number:02}T10:00:00Z"
    content = {"event_id": f"{customer}/{number}", "customer_id": customer, "name": name, "occurred_at": day, **parts}
    return json.dumps(content) + "\n"


def order(number: int, amount: str = "20.00", customer: str = "c-1", order_id: str = "") -> str:
    """Return one line with an order."""
    properties = {"order_id": order_id or f"{customer}-{number}", "amount": amount, "currency": "GBP"}
    return event(number, customer=customer, properties=properties)
