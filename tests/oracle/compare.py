"""COUNT and COMPARE: whether one value satisfies one comparison of a rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from tests.oracle.days import ONE_DAY, anniversaries, day_of, day_start, days_of
from tests.oracle.spans import as_day, instant_ms, plain_number
from tests.oracle.world import World, is_missing

NUMBER_WORDS = ("at_least", "at_most", "above", "below", "exactly", "between")
EQUAL_WORDS = ("is", "is_not", "one_of", "none_of")
LIST_WORDS = ("has_any", "has_all", "has_none")
DATE_WORDS = ("within", "within_next", "older_than", "falls", "anniversary", "on_day", "from", "to", "before")
TEXT_WORDS: dict[str, Callable[[str, str], bool]] = {
    "starts_with": str.startswith,
    "ends_with": str.endswith,
    "contains": lambda value, part: part in value,
    "matches": lambda value, pattern: re.fullmatch(pattern, value) is not None,
}
TRUE_OF_MISSING = ("is_not", "none_of", "has_none")


def counts(parts: dict[str, Any], value: Fraction | int, world: World) -> bool:
    """Return whether a number satisfies the COUNT among `parts`; a bar that is not there satisfies nothing."""
    for word in NUMBER_WORDS:
        if word in parts:
            bars = parts[word] if word == "between" else [parts[word]]
            numbers = [world.number(bar) for bar in bars]
            return all(number is not None for number in numbers) and within_bars(word, Fraction(value), numbers)
    raise ValueError(f"no count among {sorted(parts)}")


def within_bars(word: str, value: Fraction, bars: list[Any]) -> bool:
    """Return whether `value` stands to the bars as `word` says."""
    answers: dict[str, bool] = {
        "at_least": value >= bars[0],
        "at_most": value <= bars[-1],
        "above": value > bars[0],
        "below": value < bars[0],
        "exactly": value == bars[0],
        "between": bars[0] <= value <= bars[-1],
    }
    return answers[word]


def compares(parts: dict[str, Any], value: Any, world: World, now: int) -> bool:
    """Return whether a value (None: missing) satisfies the COMPARE among `parts`."""
    if is_missing(value):
        return any(word in parts for word in TRUE_OF_MISSING) or parts.get("exists") is False
    if "exists" in parts:
        return bool(parts["exists"])
    families: list[tuple[Iterable[str], Callable[[], bool]]] = [
        (NUMBER_WORDS, lambda: compares_number(parts, value, world)),
        (TEXT_WORDS, lambda: compares_text(parts, value)),
        (LIST_WORDS, lambda: compares_list(parts, value)),
        (DATE_WORDS, lambda: compares_date(parts, value, world, now)),
        (EQUAL_WORDS, lambda: compares_equal(parts, value)),
    ]
    return next(test for words, test in families if any(word in parts for word in words))()


def compares_number(parts: dict[str, Any], value: Any, world: World) -> bool:
    """Return the answer of the number comparisons; what is no number satisfies none."""
    number = plain_number(value)
    return number is not None and counts(parts, number, world)


def compares_text(parts: dict[str, Any], value: Any) -> bool:
    """Return the answer of the text comparisons; what is no text satisfies none."""
    return isinstance(value, str) and all(
        test(value, str(parts[word])) for word, test in TEXT_WORDS.items() if word in parts
    )


def compares_equal(parts: dict[str, Any], value: Any) -> bool:
    """Return the answer of is, is_not, one_of, none_of; values of unlike types make all of them false."""
    wanted = next(parts[word] for word in EQUAL_WORDS if word in parts)
    choices = wanted if isinstance(wanted, list) else [wanted]
    like = [choice for choice in choices if kind_of(choice) == kind_of(value)]
    if not like:
        return False
    found = any(same(choice, value) for choice in like)
    return found if "is" in parts or "one_of" in parts else not found


def kind_of(value: object) -> str:
    """Return the kind under which values can be equal at all."""
    if isinstance(value, bool):
        return "true_false"
    if plain_number(value) is not None:
        return "number"
    return "text" if isinstance(value, str) or as_day(value) is not None else type(value).__name__


def same(choice: Any, value: Any) -> bool:
    """Return whether two values of one kind are the same value."""
    if kind_of(choice) == "number":
        return plain_number(choice) == plain_number(value)
    if as_day(choice) is not None and as_day(value) is not None:
        return as_day(choice) == as_day(value)
    return bool(choice == value)


def compares_list(parts: dict[str, Any], value: Any) -> bool:
    """Return the answer of has_any, has_all, has_none; a single text is a list of one."""
    members = value if isinstance(value, list) else [value]
    word = next(word for word in LIST_WORDS if word in parts)
    hits = [any(kind_of(one) == kind_of(other) and same(one, other) for other in members) for one in parts[word]]
    return {"has_any": any(hits), "has_all": all(hits), "has_none": not any(hits)}[word]


def date_start(value: Any, world: World) -> int | None:
    """Return the instant at which a date or moment of a record begins, None where it is neither (as a number)."""
    if isinstance(value, int):
        return None
    day = as_day(value)
    if day is not None:
        return day_start(day, world.zone)
    try:
        return instant_ms(value)
    except (TypeError, ValueError):
        return None


def compares_date(parts: dict[str, Any], value: Any, world: World, now: int) -> bool:
    """Return the answer of the comparisons that read a date or a moment."""
    start = date_start(value, world)
    if start is None:
        return False
    day = day_of(start, world.zone)
    tests: dict[str, Callable[[Any], bool]] = {
        "within": lambda span: start <= now < start + world.span(span),
        "within_next": lambda span: start - world.span(span) <= now < start,
        "older_than": lambda span: start + world.span(span) <= now,
        "falls": lambda period: in_period(period, [day], world, now),
        "anniversary": lambda period: has_anniversary(period, day, world, now),
        "on_day": lambda wanted: day == as_day(wanted),
        "from": lambda bound: edge(bound, world) <= start,
        "to": lambda bound: start < edge(next_day(bound), world),
        "before": lambda bound: start < edge(bound, world),
    }
    return all(test(parts[word]) for word, test in tests.items() if word in parts)


def in_period(period: Any, days: list[Any], world: World, now: int) -> bool:
    """Return whether one of the days lies in a PERIOD as seen now, in the customer's zone."""
    first, last = days_of(period, day_of(now, world.zone))
    return any(first <= day <= last for day in days)


def has_anniversary(period: Any, day: Any, world: World, now: int) -> bool:
    """Return whether an anniversary of `day`, not before it, lies in a PERIOD as seen now."""
    first, last = days_of(period, day_of(now, world.zone))
    candidates = anniversaries(day, range(first.year, last.year + 1))
    return any(first <= one <= last for one in candidates)


def next_day(bound: Any) -> Any:
    """Return the day after a DATE."""
    day = as_day(bound)
    assert day is not None, f"{bound!r} is not a whole day"
    return day + ONE_DAY


def edge(bound: Any, world: World) -> int:
    """Return the instant that a DATE (its first instant) or MOMENT of a rule names."""
    day = as_day(bound)
    return instant_ms(bound) if day is None else day_start(day, world.zone)
