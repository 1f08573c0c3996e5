"""The longer shapes of behaviour: sequences, habits, breaks and returns."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from tests.oracle.aggregates import identity
from tests.oracle.matching import counted, fits, in_window, matching, value_at
from tests.oracle.records import Happening
from tests.oracle.world import World


def first_time(parts: dict[str, Any], world: World, now: int) -> bool:
    """Return whether the earliest match in life is still within the span."""
    found = matching(parts["first_time"], parts.get("where"), world, now)
    return bool(found) and in_window({"within": parts["within"]}, found[0].at, world, now)


def last_event(parts: dict[str, Any], world: World, now: int) -> bool:
    """Return whether the last match is there and has what is asked of it."""
    found = counted(parts["last_event"], parts, world, now)
    return bool(found) and fits(parts.get("has"), found[-1].properties, world, now)


def stopped(parts: dict[str, Any], world: World, now: int) -> bool:
    """Return whether the newest match is at least quiet_for and less than did_within ago."""
    found = matching(parts["stopped"], parts.get("where"), world, now)
    window = {"within": parts["did_within"], "older_than": parts["quiet_for"]}
    return bool(found) and in_window(window, found[-1].at, world, now)


def restarted(parts: dict[str, Any], world: World, now: int) -> bool:
    """Return whether a match within again_within follows its predecessor by at least quiet_for."""
    found = matching(parts["restarted"], parts.get("where"), world, now)
    quiet, window = world.span(parts["quiet_for"]), {"within": parts["again_within"]}
    pairs = pairwise(found)
    return any(two.at - one.at >= quiet and in_window(window, two.at, world, now) for one, two in pairs)


def regularly(parts: dict[str, Any], world: World, now: int) -> bool:
    """Return whether enough of the latest periods, counted back from now, hold enough matches."""
    found = matching(parts["regularly"], parts.get("where"), world, now)
    every = world.span(parts["every"])
    full = 0
    for number in range(int(parts["of_last"])):
        held = [one for one in found if one.at + number * every <= now < one.at + (number + 1) * every]
        full += len(held) >= int(parts["at_least"])
    return full >= int(parts["in_at_least"])


def sequence(parts: dict[str, Any], world: World, now: int) -> bool:
    """Return whether there is a choice of events for the steps (for one value of `per`, if that is asked)."""
    steps = [{"did": step} if isinstance(step, str) else step for step in parts["sequence"]]
    if "per" not in parts:
        return any(True for _ in choices(steps, parts, world.done, world, now))
    values = {identity(value_at(one.properties, parts["per"])) for one in world.done} - {identity(None)}
    return any(
        any(True for _ in choices(steps, parts, carrying(parts["per"], value, world), world, now)) for value in values
    )


def carrying(name: str, value: tuple[str, Any], world: World) -> list[Happening]:
    """Return the doings that carry this value of a property."""
    return [one for one in world.done if identity(value_at(one.properties, name)) == value]


def choices(
    steps: list[dict[str, Any]], parts: dict[str, Any], done: list[Happening], world: World, now: int
) -> Iterator[list[Happening]]:
    """Yield every choice of events for the steps that satisfies all of the sequence."""
    silent = steps[-1] if "did_not" in steps[-1] else None
    wanted = steps[:-1] if silent else steps
    inside = [
        one for one in done if "within" not in parts or in_window({"within": parts["within"]}, one.at, world, now)
    ]
    for chosen in extend([], wanted, inside, world, now):
        if silent is None or stayed_silent(silent, chosen, done, world, now):
            yield chosen


def extend(
    chosen: list[Happening], steps: list[dict[str, Any]], done: list[Happening], world: World, now: int
) -> Iterator[list[Happening]]:
    """Yield every way to go on from the events chosen so far."""
    if not steps:
        yield chosen
        return
    candidates = matching(steps[0]["did"], steps[0].get("where"), world, now)
    for one in candidates:
        if one in done and one not in chosen and follows(chosen, one, steps[0], world):
            yield from extend([*chosen, one], steps[1:], done, world, now)


def follows(chosen: list[Happening], one: Happening, step: dict[str, Any], world: World) -> bool:
    """Return whether `one` is not earlier than the event before it, and less than max_gap after it."""
    if not chosen:
        return True
    gap = one.at - chosen[-1].at
    return gap >= 0 and ("max_gap" not in step or gap < world.span(step["max_gap"]))


def stayed_silent(
    silent: dict[str, Any], chosen: list[Happening], done: list[Happening], world: World, now: int
) -> bool:
    """Return whether nothing of the forbidden kind came at or after the last step, for long enough."""
    last = chosen[-1].at
    forbidden = matching(silent["did_not"], silent.get("where"), world, now)
    broken = any(one.at >= last and one in done and one not in chosen for one in forbidden)
    return not broken and last + world.span(silent["for"]) <= now
