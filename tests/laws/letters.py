"""What the tests of bad input and of dead letters share."""

from __future__ import annotations

from typing import Any

from stream.ports import Record
from tests.laws.starter import worked
from tests.town import Town, memberships

GOOD: dict[str, Any] = {"event_id": "good", "customer_id": "c-1", "name": "product_viewed"}


async def served(town: Town) -> dict[str, Any]:
    """Let a worker handle the log and return the newest membership of the good customer."""
    await worked(town)
    return dict(memberships(town.log)["c-1"])


def reasons(letter: Record) -> dict[str, str]:
    """Return the reason headers of a dead letter by their last word."""
    return {name.rpartition(".")[2]: value.decode() for name, value in letter.headers if "segments.errors." in name}
