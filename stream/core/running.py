"""Running totals: how many numbers events had and what they add up to, kept up by each event.

For figures over everything that ever happened, of events that nothing takes back: no row is needed for them, and
they are exact however many there were. A state is `[how many, sum]`; a sum that is no whole number of 64 bits
stands there as the text of a fraction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from stream.core.condition import Read
from stream.core.event import Event
from stream.core.figures import Value, as_written, exact, shown
from stream.core.fold import Matches
from stream.core.matching import is_number, looked_up
from stream.core.profile import NEVER, Profile
from stream.core.sources import Numbers, remembered

COUNT, SUM = range(2)
SUM_PLACE = f"[{SUM}]"
"""Where the sum stands in a state."""
Total = tuple[int, int | Fraction]
"""How many numbers there are, and their sum."""
NOTHING: Total = (0, 0)
Totals = Callable[[Profile], Total]


@dataclass(frozen=True, slots=True)
class Running:
    """The fold that adds the number at a path to what there is."""

    key: int
    path: str
    matches: Matches | None

    def __call__(self, profile: Profile, event: Event) -> bool:
        """Add the number of an event, if it has one."""
        properties = event.properties
        if self.matches is not None and not self.matches(properties):
            return False
        got = looked_up(properties, self.path)
        if not is_number(got):
            return False
        state = profile.states.get(self.key)
        if state is None:
            state = profile.states[self.key] = [0, 0]
        state[COUNT] += 1
        state[SUM] = _stored(_read(state[SUM]) + exact(got))
        return True


def of_both(one: list[Any], other: list[Any]) -> list[Any]:
    """Return the total of two."""
    return [one[COUNT] + other[COUNT], _stored(_read(one[SUM]) + _read(other[SUM]))]


def _stored(number: int | Fraction) -> int | str:
    return number if type(number) is int and -NEVER < number < NEVER else str(number)


def _read(stored: int | str) -> int | Fraction:
    return stored if type(stored) is int else Fraction(stored)


def sum_judge(test: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Return the judge of a state: the sum passes."""
    return lambda state: test(as_written(_read(state[SUM])))


def kept(key: int) -> Totals:
    """Return the reader of the total that a state holds."""

    def total(profile: Profile) -> Total:
        state = profile.states.get(key)
        return NOTHING if state is None else (state[COUNT], _read(state[SUM]))

    return total


def of_numbers(numbers: Numbers) -> Totals:
    """Return the reader of the total of numbers that are kept one by one."""

    def total(profile: Profile) -> Total:
        found = numbers(profile)
        return sum([weight for _, _, weight in found]), sum(
            [got if type(got) is int else exact(got) for _, got, _ in found]
        )

    return remembered(("total", numbers), total)


def added(parts: Sequence[Totals]) -> Totals:
    """Return the total of several."""
    if len(parts) == 1:
        return parts[0]

    def total(profile: Profile) -> Total:
        found = [part(profile) for part in parts]
        return sum([count for count, _ in found]), sum([number for _, number in found])

    return total


def total(totals: Totals, test: Callable[[Any], bool]) -> Read:
    """Return whether the sum passes; of nothing there is none."""

    def read(profile: Profile, now: int) -> int:
        count, found = totals(profile)
        return NEVER if count and test(as_written(found)) else -NEVER

    return read


def total_value(totals: Totals) -> Value:
    """Return the sum, None of nothing."""

    def value(profile: Profile, now: int) -> Any:
        count, found = totals(profile)
        return shown(found) if count else None

    return value


def average(totals: Totals, test: Callable[[Any], bool]) -> Read:
    """Return whether the average passes; of nothing there is none."""

    def read(profile: Profile, now: int) -> int:
        count, found = totals(profile)
        return NEVER if count and test(as_written(Fraction(found) / count)) else -NEVER

    return read


def average_value(totals: Totals) -> Value:
    """Return the average, None of nothing."""

    def value(profile: Profile, now: int) -> Any:
        count, found = totals(profile)
        return shown(Fraction(found) / count) if count else None

    return value
