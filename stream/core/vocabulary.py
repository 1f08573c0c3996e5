"""What we receive: the events a shop sends, and the judgement whether one can be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from stream.core.event import Event
from stream.core.matching import present
from stream.errors import InputError

EXPONENTS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "UGX": 0, "XAF": 0, "XOF": 0, "PYG": 0}
EXPONENTS |= {"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3}
"""Digits after the point by currency (ISO 4217) where they are not two."""

LARGEST_MINOR = 10**15
"""No amount beyond this is believed: ten thousand billion in a currency with two digits."""


class Decoded(Protocol):
    """The canonical event as it was decoded, before anything was judged."""

    @property
    def event_id(self) -> str:
        """Return the id of the event, which counts once for its customer."""
        ...

    @property
    def source(self) -> str:
        """Return the system that tells of it, empty where it does not say."""
        ...

    @property
    def name(self) -> str:
        """Return what was done, by its name or an alias; empty where something only became known."""
        ...

    @property
    def customer(self) -> str:
        """Return whose it is: the customer id, or the anonymous id in a key space of its own."""
        ...

    @property
    def occurred_ms(self) -> int | None:
        """Return when it was done in ms since 1970, None where the event does not say."""
        ...

    @property
    def properties(self) -> Mapping[str, Any]:
        """Return what belongs to it, by name."""
        ...

    @property
    def traits(self) -> Mapping[str, Any]:
        """Return what is now known of the customer, by name; None takes a trait away."""
        ...

    @property
    def consents(self) -> Mapping[str, str]:
        """Return the consents that change, by name: `given` or `not_given`."""
        ...

    @property
    def lists(self) -> Mapping[str, str]:
        """Return the lists that change, by name: `added` or `removed`."""
        ...


@dataclass(frozen=True, slots=True)
class EventKind:
    """One event name of the vocabulary."""

    name: str
    money: frozenset[str] = frozenset()
    """Properties that are money."""
    reverses: str = ""
    is_reversible: bool = False
    numbers: frozenset[str] = frozenset()
    """Properties that are plain numbers."""
    is_judged: bool = field(init=False)
    """Whether properties are looked at before an event of this name counts."""

    def __post_init__(self) -> None:
        """Work out once what is asked of every event."""
        object.__setattr__(self, "is_judged", bool(self.money or self.reverses or self.is_reversible))


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Names, zone, currency and tolerances: what decides whether a record can be used."""

    zone: ZoneInfo
    currency: str
    events: Mapping[str, EventKind]
    aliases: Mapping[str, str] = field(default_factory=dict)
    known_events_only: bool = True
    history_since_ms: int = 946_684_800_000
    future_tolerance_ms: int = 300_000
    personal_gap_mean_ms: int = 3_944_756_000

    @property
    def exponent(self) -> int:
        """Return the digits after the point of the base currency."""
        return EXPONENTS.get(self.currency, 2)

    def accept(self, decoded: Decoded, record_time: int, backfill_until: int = -1) -> Event:
        """Return the event as it counts: known name, clamped time, money in minor units.

        Raises InputError with code `event_name`, `past`, `future`, `amount`, `quantity` or `currency`.
        """
        kind = self.events.get(decoded.name) or self._kind(decoded.name)
        properties, occurred_ms = decoded.properties, decoded.occurred_ms
        if kind.is_judged:
            properties = self._properties(kind, properties)
        if occurred_ms is None or not self.history_since_ms <= occurred_ms <= record_time:
            occurred_ms = self._when(occurred_ms, record_time)
        return Event(
            decoded.event_id,
            decoded.customer,
            occurred_ms,
            record_time,
            decoded.source,
            kind.name,
            properties,
            decoded.traits,
            decoded.consents,
            decoded.lists,
            backfill_until=backfill_until,
        )

    def _kind(self, name: str) -> EventKind:
        kind = self.events.get(name) or self.events.get(self.aliases.get(name, name))
        if kind is None:
            if name and self.known_events_only:
                raise InputError("event_name", f'event "{name}" is not in the vocabulary{self._suggestion(name)}')
            kind = EventKind(name)
        return kind

    def _suggestion(self, name: str) -> str:
        close = get_close_matches(name, [*self.events, *self.aliases], 1)
        return f'; did you mean "{close[0]}"?' if close else "; add it there, or send a name that is"

    def _when(self, occurred_ms: int | None, record_time: int) -> int:
        if occurred_ms is None:
            occurred_ms = record_time
        if occurred_ms < self.history_since_ms:
            raise InputError(
                "past", f"occurred_at lies before history_since ({occurred_ms} < {self.history_since_ms} ms)"
            )
        if occurred_ms > record_time + self.future_tolerance_ms:
            raise InputError("future", f"occurred_at lies {occurred_ms - record_time} ms after the record's own time")
        return min(occurred_ms, record_time)

    def _properties(self, kind: EventKind, properties: Mapping[str, Any]) -> Mapping[str, Any]:
        if kind.is_reversible and not kind.reverses and ("quantity" in properties or "items" in properties):
            self._check_quantities(properties)
        named = kind.money & properties.keys()
        if not named:
            return properties
        currency = properties.get("currency")
        if currency != self.currency and present(currency) is not None:
            raise InputError("currency", f"currency {currency!r} is not {self.currency}, and no rate for it is known")
        changed = dict(properties)
        for name in named:
            minor = self.minor(name, properties[name])
            if minor is not None and minor < 0 and (kind.is_reversible or kind.reverses):
                if kind.is_reversible:
                    raise InputError(
                        "amount", f"{name} is negative ({properties[name]}); send what was taken back as a refund"
                    )
                minor = -minor
            changed[name] = minor
        return changed

    def minor(self, name: str, value: Any) -> int | None:
        """Return an amount of money in minor units of the base currency; None for nothing."""
        plain = _plain(value, self.exponent)
        if plain is not None:
            return plain
        return None if value is None or value == "" else self._minor(name, value)

    def _minor(self, name: str, value: Any) -> int:
        try:
            if isinstance(value, bool):
                raise InvalidOperation
            sent = Decimal(value if isinstance(value, str | int) else repr(value))
            amount = sent.scaleb(self.exponent)
            minor = int(amount) if abs(amount) <= LARGEST_MINOR else LARGEST_MINOR + 1
        except (ArithmeticError, ValueError, TypeError):
            raise InputError("amount", f"{name} is {value!r}, not an amount of money") from None
        if abs(minor) > LARGEST_MINOR:
            raise InputError("amount", f"{name} is {value!r}, beyond any amount that is believed")
        if minor != amount or amount.scaleb(-self.exponent) != sent:
            raise InputError(
                "amount", f"{name} is {value!r}; {self.currency} has {self.exponent} digits after the point"
            )
        return minor

    @staticmethod
    def _check_quantities(properties: Mapping[str, Any]) -> None:
        items = properties.get("items")
        lines = [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []
        for line in (properties, *lines):
            quantity = line.get("quantity")
            if isinstance(quantity, int | float) and quantity < 0:
                raise InputError("quantity", f"quantity is negative ({quantity}); send what came back as a refund")


LONGEST_PLAIN = 12
"""Digits before the point of an amount that is below `LARGEST_MINOR` in every currency."""


def _plain(value: Any, exponent: int) -> int | None:
    """Return an amount written with a point as most are, such as 523.50, in minor units; None for any other.

    It only saves the way over `Decimal`, ten times as dear, and says the same.
    """
    text = repr(value) if type(value) is float else value
    if type(text) is not str or not text.isascii():
        return None
    whole, _, part = text.partition(".")
    if len(whole) > LONGEST_PLAIN or len(part) > exponent or not (whole.isdigit() and part.isdigit()):
        return None
    return int(whole + part + "0" * (exponent - len(part)))
