"""One decoded thing that a customer did or that became known of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NOTHING: Mapping[str, Any] = {}


class Event:
    """One accepted event: `occurred_at` never lies after `record_time`, money is in minor units."""

    __slots__ = (
        "backfill_until",
        "consents",
        "customer_id",
        "event_id",
        "lists",
        "name",
        "occurred_at",
        "properties",
        "record_time",
        "scores",
        "source",
        "traits",
    )

    def __init__(
        self,
        event_id: str,
        customer_id: str,
        occurred_at: int,
        record_time: int,
        *,
        source: str = "",
        name: str = "",
        properties: Mapping[str, Any] = NOTHING,
        traits: Mapping[str, Any] = NOTHING,
        consents: Mapping[str, str] = NOTHING,
        lists: Mapping[str, str] = NOTHING,
        scores: Mapping[str, float] = NOTHING,
        backfill_until: int = -1,
    ) -> None:
        """Hold the parts; an empty `name` means that nothing was done, only told (traits, consents, lists, scores).

        `backfill_until` is the end of the history that this record was loaded with: nothing dated up to it acts.
        """
        self.event_id = event_id
        self.customer_id = customer_id
        self.occurred_at = occurred_at
        self.record_time = record_time
        self.source = source
        self.name = name
        self.properties = properties
        self.traits = traits
        self.consents = consents
        self.lists = lists
        self.scores = scores
        self.backfill_until = backfill_until
