"""What is known of one customer after some records: what was done, what was told, and how the rules read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tests.oracle.days import day_of
from tests.oracle.records import Accepted, Happening, happenings
from tests.oracle.spans import DAY_MS, exact, span_ms

ALWAYS = -(10**18)
MISSING = None


def nowhere(_segment: str) -> int | None:
    """Return that the customer is in no segment."""
    return None


def is_missing(value: object) -> bool:
    """Return whether a value counts as absent: none, null, empty text or an empty list."""
    return value in (None, "", [])


@dataclass(frozen=True)
class World:
    """One customer after `accepted`; `entered` tells since when the customer is in a segment, None if not in it."""

    rules: dict[str, dict[str, Any]]
    accepted: tuple[Accepted, ...]
    known_since: int = 0
    entered: Callable[[str], int | None] = nowhere
    given: dict[str, Any] = field(default_factory=dict)

    @property
    def vocabulary(self) -> dict[str, Any]:
        """Return the parsed vocabulary.yaml."""
        return self.rules["vocabulary.yaml"]

    @cached_property
    def done(self) -> list[Happening]:
        """Return what the customer did, refunds worked in, by instant and then by place in the log."""
        return happenings(self.vocabulary, self.accepted)

    @cached_property
    def shop_zone(self) -> ZoneInfo:
        """Return the zone of the vocabulary."""
        return ZoneInfo(self.vocabulary.get("zone", "UTC"))

    @cached_property
    def zone(self) -> ZoneInfo:
        """Return the zone in which the customer's days begin."""
        named = self.told("traits", "time_zone")
        try:
            return ZoneInfo(named[-1][1]) if named and isinstance(named[-1][1], str) else self.shop_zone
        except (ZoneInfoNotFoundError, ValueError):
            return self.shop_zone

    def told(self, kind: str, name: str) -> list[tuple[int, Any]]:
        """Return when which value was told of a trait, consent, list or score; an older value changes nothing."""
        changes: list[tuple[int, Any]] = []
        if name in (self.given.get(kind) or {}):
            changes.append((ALWAYS, self.given[kind][name]))
        for one in self.accepted:
            values = one.content.get(kind) or {}
            for key in names_of(self.vocabulary, kind, name):
                value = walk(values, key)
                if value is not ABSENT and (not changes or one.at >= changes[-1][0]):
                    changes.append((one.at, MISSING if is_missing(value) else value))
        return changes

    def latest(self, kind: str, name: str) -> Any:
        """Return the value that counts now, None where there is none."""
        changes = self.told(kind, name)
        return changes[-1][1] if changes else MISSING

    @cached_property
    def personal_gap_ms(self) -> int:
        """Return the customer's usual gap between days with an order, drawn towards the mean of all customers."""
        mean = span_ms(self.vocabulary.get("personal_gap_mean") or "3944756s")
        days = sorted({day_of(one.at, self.shop_zone) for one in self.done if one.name == "order_placed"})
        if not days:
            return mean
        between = (days[-1] - days[0]).days * DAY_MS
        return (2 * mean + between) // (2 + len(days) - 1)

    def span(self, value: Any) -> int:
        """Return the milliseconds of a SPAN or PERSONAL."""
        if isinstance(value, dict):
            gaps = exact(value["personal_gaps"])
            assert gaps is not None
            return max(int(gaps * self.personal_gap_ms), span_ms(value["at_least"]))
        return span_ms(value)

    def number(self, value: Any) -> Fraction | None:
        """Return a NUMBER of a rule; a bar nobody has published is None."""
        if not isinstance(value, dict):
            return exact(value)
        bar = exact((self.given.get("bars") or {}).get(value["bar"]))
        return None if bar is None else bar * Fraction(str(value.get("percent", 100))) / 100


ABSENT = object()


def names_of(vocabulary: dict[str, Any], kind: str, name: str) -> list[tuple[str, ...]]:
    """Return the paths under which a record may tell a trait (or consent, list, score)."""
    about = ((vocabulary.get(kind) or {}).get(name) or {}) if kind == "traits" else {}
    return [tuple(about["path"])] if about.get("path") else [(name,)]


def walk(values: Any, path: Sequence[str]) -> Any:
    """Return what stands at a path of nested mappings, ABSENT where it ends too early."""
    for step in path:
        if not isinstance(values, dict) or step not in values:
            return ABSENT
        values = values[step]
    return values
