"""Which events and properties a condition needs, so that it can be told which of them never came."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from stream.ruleset.names import ANY_EVENT, ITEMS
from stream.ruleset.schema import All, AnyOf, Condition, Not
from stream.ruleset.schema_events import (
    Did,
    DidOnDays,
    FirstTime,
    LastEvent,
    Regularly,
    Restarted,
    Sequence,
    Share,
    Stopped,
)
from stream.ruleset.schema_parts import ItemWhere, StepDidNot, Where
from stream.ruleset.schema_values import EventField

Heard = Mapping[str, Collection[str]]
"""The events that came, by name, each with the properties that it ever had."""

_ON_EVENTS: Final = (Did, DidOnDays, FirstTime, LastEvent, Regularly, Restarted, Share, Stopped)
_HOLD_WITHOUT: Final = frozenset({"exists", "is_not", "none_of", "has_none"})
"""Tests that may hold where there is no value."""


def never_came(condition: Condition, heard: Heard) -> list[str]:
    """Return the events, and the `event.property`, that a condition needs and that never came; each once, in order."""
    found = dict.fromkeys(_needed(condition))
    return list(dict.fromkeys(missing for event, name in found if (missing := _missing(event, name, heard))))


def _missing(event: str, name: str, heard: Heard) -> str:
    came = [each for each in heard if _is_meant(event, each)]
    if not came:
        return event
    head = name.partition(".")[0]
    return f"{event}.{name}" if name and not any(head in heard[each] for each in came) else ""


def _is_meant(pattern: str, name: str) -> bool:
    if pattern.endswith("*"):
        return name.startswith(pattern[:-1])
    return pattern in {name, ANY_EVENT}


def _needed(condition: Condition) -> Iterator[tuple[str, str]]:
    """Yield (event, property), the property empty for the event itself; what must not be is not needed."""
    match condition:
        case All(all=inner) | AnyOf(any=inner):
            for each in inner:
                yield from _needed(each)
        case Not():
            return
        case Sequence(sequence=steps):
            for step in steps:
                if not isinstance(step, StepDidNot):
                    yield step.did, ""
                    yield from _tested(step.did, step.where)
        case _:
            named = condition.value_of(condition.word)
            event, name = (named.event, named.property) if isinstance(named, EventField) else (named, "")
            if name or isinstance(condition, _ON_EVENTS):
                yield event, name
                yield from _tested(event, getattr(condition, "where", None))


def _tested(event: str, where: ItemWhere | None) -> Iterator[tuple[str, str]]:
    if where is None:
        return
    for name, compare in where.properties:
        if compare.op not in _HOLD_WITHOUT:
            yield event, name
    if isinstance(where, Where) and where.any_item is not None:
        yield event, ITEMS
