"""Which of the customer's doings a condition looks at: EVENT, WHERE and WINDOW."""

from __future__ import annotations

from typing import Any

from tests.oracle.compare import compares, edge, next_day
from tests.oracle.days import day_of, days_of
from tests.oracle.records import Happening
from tests.oracle.world import ABSENT, World, is_missing, walk


def is_named(pattern: str, name: str, world: World) -> bool:
    """Return whether an event's name is the one asked for; what the vocabulary does not name is only `any_event`."""
    if pattern == "any_event":
        return True
    if name not in (world.vocabulary.get("events") or {}):
        return False
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def value_at(properties: Any, field: str) -> Any:
    """Return the property at a dotted name, None where it is missing."""
    found = walk(properties, (field,))
    if found is ABSENT:
        found = walk(properties, field.split("."))
    return None if found is ABSENT or is_missing(found) else found


def fits(where: dict[str, Any] | None, properties: Any, world: World, now: int) -> bool:
    """Return whether all of `where` holds on these properties; `any_item`: one item on which all of it does."""
    for name, wanted in (where or {}).items():
        if name == "any_item":
            items = value_at(properties, "items") or []
            if not any(fits(wanted, item, world, now) for item in items):
                return False
        elif not compares(as_compare(wanted), value_at(properties, name), world, now):
            return False
    return True


def as_compare(wanted: Any) -> dict[str, Any]:
    """Return the comparison that a short form stands for."""
    if isinstance(wanted, dict):
        return wanted
    return {"one_of": wanted} if isinstance(wanted, list) else {"is": wanted}


def matching(pattern: str, where: dict[str, Any] | None, world: World, now: int) -> list[Happening]:
    """Return the customer's doings of this name on which `where` holds, oldest first."""
    return [one for one in world.done if is_named(pattern, one.name, world) and fits(where, one.properties, world, now)]


def counted(pattern: str, parts: dict[str, Any], world: World, now: int) -> list[Happening]:
    """Return the doings that a condition counts: name, where and window."""
    return [one for one in matching(pattern, parts.get("where"), world, now) if in_window(parts, one.at, world, now)]


def in_window(parts: dict[str, Any], at: int, world: World, now: int) -> bool:
    """Return whether an instant lies in the WINDOW among `parts`, as seen now."""
    if "within" in parts and not at <= now < at + world.span(parts["within"]):
        return False
    if "older_than" in parts and not at + world.span(parts["older_than"]) <= now:
        return False
    if "during" in parts:
        first, last = days_of(parts["during"], day_of(now, world.zone))
        if not first <= day_of(at, world.zone) <= last:
            return False
    return in_dates(parts, at, world)


def in_dates(parts: dict[str, Any], at: int, world: World) -> bool:
    """Return whether an instant lies between explicit dates: `from` included, all of `to`, not `before`."""
    if "from" in parts and at < edge(parts["from"], world):
        return False
    if "to" in parts and at >= edge(next_day(parts["to"]), world):
        return False
    return not ("before" in parts and at >= edge(parts["before"], world))
