"""Every instant at which time alone could change anything: far too many of them, on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.oracle.compare import date_start
from tests.oracle.days import next_midnight
from tests.oracle.dimension import Answer
from tests.oracle.spans import is_span, span_ms
from tests.oracle.world import ALWAYS, World

CALENDAR_WORDS = {"during", "falls", "anniversary", "today"}


def words_and_values(rule: Any) -> Iterator[tuple[str, Any]]:
    """Yield every key with its value, at any depth; what stands in a list has no key."""
    if isinstance(rule, list):
        for one in rule:
            yield "", one
            yield from words_and_values(one)
    if isinstance(rule, dict):
        for word, value in rule.items():
            yield str(word), value
            yield from words_and_values(value)


def spans_ms(world: World) -> set[int]:
    """Return every span of the rules in milliseconds: personal ones, and the multiples of a habit's period."""
    found = set()
    for path, rule in world.rules.items():
        if path == "vocabulary.yaml" or path.endswith(".test.yaml"):
            continue
        for _, value in [("", rule), *words_and_values(rule)]:
            if is_span(value):
                found.add(span_ms(value))
            if isinstance(value, dict) and "personal_gaps" in value:
                found.add(world.span(value))
            if isinstance(value, dict) and "every" in value:
                found.update(world.span(value["every"]) * number for number in range(1, int(value["of_last"]) + 1))
    return found


def is_calendar(world: World) -> bool:
    """Return whether any rule reads the local day."""
    return any(word in CALENDAR_WORDS for word, _ in words_and_values(list(world.rules.values())))


def known_instants(world: World) -> set[int]:
    """Return every instant that the records name."""
    found = {one.at for one in world.accepted} | {world.known_since}
    dates: set[int] = set()
    for name, about in (world.vocabulary.get("traits") or {}).items():
        if about.get("type") in ("date", "moment"):
            values = [date_start(value, world) for _, value in world.told("traits", name)]
            dates |= {value for value in values if value is not None}
    dates |= dates_of_events(world)
    spans = spans_ms(world)
    return found | dates | {start + sign * span for start in dates for span in spans for sign in (-1, 1)}


def dates_of_events(world: World) -> set[int]:
    """Return the instants at which the dates begin that events carry, at any depth."""
    texts = {value for one in world.done for _, value in words_and_values(one.properties) if isinstance(value, str)}
    return {start for text in texts if (start := date_start(text, world)) is not None}


def next_instant(world: World, answers: dict[str, Answer], after: int) -> int | None:
    """Return the first instant later than `after` at which something could change in silence."""
    clocks = {clock for answer in answers.values() for clock in answer.clocks()}
    begins = known_instants(world) | clocks
    spans = spans_ms(world) | {0}
    found = {begin + span for begin in begins for span in spans if begin + span > after > ALWAYS}
    if is_calendar(world):
        found |= {next_midnight(after - span, world.zone) + span for span in spans}
    return min(found, default=None)
