"""Figures over the matching events: sums, shares, firsts and lasts; of nothing there is no value."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from tests.oracle.compare import compares, counts
from tests.oracle.matching import counted, value_at
from tests.oracle.spans import plain_number
from tests.oracle.world import World

WINDOW_WORDS = ("within", "older_than", "during", "from", "to", "before")
FIGURES: dict[str, Callable[[list[Fraction]], Fraction]] = {
    "sum": lambda numbers: sum(numbers, Fraction(0)),
    "average": lambda numbers: sum(numbers, Fraction(0)) / len(numbers),
    "smallest": min,
    "largest": max,
}


def split_field(field: str) -> tuple[str, str]:
    """Return event and property of a FIELD."""
    event, _, name = field.partition(".")
    return event, name


def without_window(parts: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of a condition on values without its WINDOW, which shares words with COMPARE."""
    return {word: value for word, value in parts.items() if word not in WINDOW_WORDS}


def figure(word: str, parts: dict[str, Any], world: World, now: int) -> bool:
    """Return whether sum, average, smallest or largest of a property satisfies the count."""
    event, name = split_field(parts[word])
    found = [plain_number(value_at(one.properties, name)) for one in counted(event, parts, world, now)]
    numbers = [number for number in found if number is not None]
    return bool(numbers) and counts(parts, FIGURES[word](numbers), world)


def distinct(parts: dict[str, Any], world: World, now: int) -> bool:
    """Return whether the number of different values satisfies the count; of nothing it is 0."""
    event, name = split_field(parts["distinct"])
    values = {identity(value_at(one.properties, name)) for one in counted(event, parts, world, now)}
    return counts(parts, len(values - {identity(None)}), world)


def identity(value: Any) -> tuple[str, Any]:
    """Return what makes two values the same one; 1 and true and "1" are three."""
    number = plain_number(value)
    return ("number", number) if number is not None else (type(value).__name__, repr(value))


def share(parts: dict[str, Any], world: World, now: int) -> bool:
    """Return whether the share of events on which `where` holds satisfies the count."""
    everything = counted(parts["share"], {**parts, "where": None}, world, now)
    if not everything or len(everything) < int(parts.get("of_at_least", 1)):
        return False
    return counts(parts, Fraction(len(counted(parts["share"], parts, world, now)), len(everything)), world)


def edge_value(word: str, parts: dict[str, Any], world: World, now: int) -> bool:
    """Return whether the property of the first or last event compares; without an event nothing does."""
    event, name = split_field(parts[word])
    found = counted(event, parts, world, now)
    if not found:
        return False
    one = found[0] if word == "first_value" else found[-1]
    return compares(without_window(parts), value_at(one.properties, name), world, now)


def most_frequent(parts: dict[str, Any], world: World, now: int) -> bool:
    """Return whether the most frequent value compares; a tie goes to the value seen last."""
    event, name = split_field(parts["most_frequent"])
    values = [value_at(one.properties, name) for one in counted(event, parts, world, now)]
    seen = [value for value in values if value is not None]
    if not seen:
        return False
    same = [identity(value) for value in seen]
    place = max(range(len(seen)), key=lambda number: (same.count(same[number]), number))
    return compares(without_window(parts), seen[place], world, now)
