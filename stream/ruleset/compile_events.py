"""Leaves of the conditions that count what the customer did: did, did_not, did_on_days, first_time."""

from __future__ import annotations

from stream.core import counting, keyed
from stream.core.condition import Counted, Leaf
from stream.core.frame import Frame
from stream.core.profile import NEVER
from stream.ruleset.compile_conditions import Conditions, Makers, told_count
from stream.ruleset.compile_sources import Source
from stream.ruleset.compile_tests import counts
from stream.ruleset.schema_events import Did, DidNot, DidOnDays, FirstTime
from stream.ruleset.schema_parts import Count, ItemWhere, Window
from stream.ruleset.wording import event_words

SURELY_KEPT = 128
"""So many of the newest are kept one by one by every kind of state."""


def did(conditions: Conditions, asked: Did) -> Leaf:
    """Return the leaf of `did`: so many times in the window."""
    count = asked.count or Count("at_least", 1)
    if asked.per is not None:
        return _did_per_value(conditions, asked, asked.per, count)
    return _counted(conditions, asked.did, asked.where, asked.window, count)


def did_not(conditions: Conditions, asked: DidNot) -> Leaf:
    """Return the leaf of `did_not`: exactly 0 times in the window."""
    return _counted(conditions, asked.did_not, asked.where, asked.window, Count("exactly", 0))


def _counted(conditions: Conditions, event: str, where: ItemWhere | None, window: Window, count: Count) -> Leaf:
    frame = conditions.frame(window)
    low, high = counts(count)
    kind = "newest" if frame.is_recent else "oldest" if frame.is_oldest else "ledger"
    source = conditions.states.instants(event, where, deepest(low, high), kind, frame.longest_ms)
    instants = conditions.once(f"instants of {event_words(event, where, None)}", source, source.instants())
    return Leaf(
        event_words(event, where, window),
        *told_count(count),
        unit="",
        read=counting.did(instants, low, high, frame),
        value=counting.count(instants, frame),
        states=source.keys | frame.states,
        leans=leans(low, high, frame) if source.keeps_newest else 0,
        sketch=_sketch(source, window, frame, low, high),
        is_inexact=source.mark,
    )


def _sketch(source: Source, window: Window, frame: Frame, low: int, high: int) -> Counted | None:
    """Return how a count is worked out that is of one list of the newest instants, in a window like everybody's."""
    if source.only is None or source.only[0].kind != "newest":
        return None
    key = source.only[0].key
    if frame.is_ever:
        return Counted(key, NEVER, low, high)
    is_span = isinstance(window.within, int) and frame.calendar is None and not frame.older_ms
    return Counted(key, frame.longest_ms, low, high) if is_span else None


def _did_per_value(conditions: Conditions, asked: Did, path: str, count: Count) -> Leaf:
    """Return the leaf of `did … per`: each value of the property is counted by itself, those that are there."""
    frame = conditions.frame(asked.window)
    low, high = counts(count)
    low = max(low, 1)
    kind = "newest_each" if frame.is_recent else "oldest_each" if frame.is_oldest else "ledger"
    source = conditions.states.keyed(asked.did, asked.where, path, deepest(low, high), kind, frame.longest_ms)
    groups = source.groups(path)
    return Leaf(
        f"{event_words(asked.did, asked.where, asked.window)} per {path}",
        *told_count(count),
        unit="",
        read=keyed.did_per_value(groups, low, high, frame),
        value=keyed.values_with(groups, low, high, frame),
        states=source.keys | frame.states,
        is_inexact=source.mark,
    )


def deepest(low: int, high: int) -> int:
    """Return how many of the newest (or oldest) instants tell whether their number lies in [low, high]."""
    return max(low, high + 1 if high < NEVER else 0, 1)


def leans(low: int, high: int, frame: Frame) -> int:
    """Return what one more event does to a count in a window that always holds the newest: `Leaf.leans`.

    A count beyond what is kept for certain may fall when the oldest is forgotten.
    """
    if not frame.is_recent or frame.states:
        return 0
    if high == NEVER and low <= SURELY_KEPT:
        return 1
    return -1 if low == 0 and high < SURELY_KEPT else 0


def did_on_days(conditions: Conditions, asked: DidOnDays) -> Leaf:
    """Return the leaf of `did_on_days`: on so many different days in the window."""
    frame = conditions.frame(asked.window)
    source = conditions.states.days(asked.did_on_days, asked.where, frame.longest_ms)
    subject = event_words(asked.did_on_days, asked.where, None)
    rows = conditions.once(f"days of {subject}", source, source.days())
    count = asked.count or Count("at_least", 1)
    low, high = counts(count)
    return Leaf(
        f"days with {event_words(asked.did_on_days, asked.where, asked.window)}",
        *told_count(count),
        unit="",
        read=counting.did_on_days(rows, low, high, frame),
        value=counting.days(rows, frame),
        states=source.keys | frame.states,
        is_inexact=source.mark,
    )


def first_time(conditions: Conditions, asked: FirstTime) -> Leaf:
    """Return the leaf of `first_time`: the earliest in life lies in the span."""
    within, longest_ms, states = conditions.span(asked.within)
    source = conditions.states.instants(asked.first_time, asked.where, 1, "oldest", longest_ms)
    instants = source.instants()
    window = Window("span", within=asked.within)
    return Leaf(
        f"first {event_words(asked.first_time, asked.where, window)}",
        "",
        None,
        "",
        read=counting.first_time(instants, within),
        value=counting.first(instants),
        is_instant=True,
        states=source.keys | states,
        is_inexact=source.mark,
    )


MAKERS: Makers = {Did: did, DidNot: did_not, DidOnDays: did_on_days, FirstTime: first_time}
