"""What beside its conditions keeps a customer out of a segment, for `explain` and for the cases beside the rules."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from stream.core.dimension import LEFT_AT, SPENT, TRUE_SINCE, Dimension, Segment
from stream.core.profile import Profile, Standing
from stream.ruleset.explained import Clock
from stream.wire.sentence import instant_words


def notes(dimension: Dimension, segment: Segment, profile: Profile, now: int, zone: ZoneInfo) -> Iterator[str]:
    """Yield what keeps a customer out of a segment though it asks for them; its own running clocks are told apart."""
    standing = profile.standing(dimension.place)
    if standing is None or standing.segment == segment.name:
        return
    if dimension.inside is not None and profile.since_in(*dimension.inside) is None:
        yield f"{dimension.name} is inside {dimension.around}, where the customer is not"
        return
    if segment.only_from is not None and standing.segment not in segment.only_from:
        stands_in = standing.segment or "no segment"
        yield f"only_from {', '.join(sorted(segment.only_from))}, and the customer is in {stands_in}"
    clock = standing.past.clocks.get(segment.name)
    if clock is not None and clock[SPENT]:
        yield "stay_at_most was used up; `enter` must be false once"
    yield from _above(dimension, segment, standing, now, zone)


def _above(dimension: Dimension, segment: Segment, standing: Standing, now: int, zone: ZoneInfo) -> Iterator[str]:
    """Yield that the customer's own segment is higher in the order, and what holds them there."""
    own = dimension.by_name.get(standing.segment)
    above = dimension.order[: dimension.order.index(segment)] if segment in dimension.order else ()
    if own is not None and own in above:
        yield f"{own.name} is higher in the order"
        for each in clocks_of(own, standing, now):
            yield f"{each.word} of {own.name} until {instant_words(each.until, zone)}"


def clocks_of(segment: Segment, standing: Standing, at: int) -> Iterator[Clock]:
    """Yield the spans that hold a customer in or out of a segment at an instant."""
    clock = standing.past.clocks.get(segment.name)
    found: list[Clock] = []
    if standing.segment == segment.name:
        found.append(Clock("stay_at_least", standing.since + segment.stay_at_least_ms))
        if segment.stay_at_most_ms:
            found.append(Clock("stay_at_most", standing.since + segment.stay_at_most_ms))
    elif clock is not None:
        if clock[TRUE_SINCE] >= 0:
            found.append(Clock("wait", clock[TRUE_SINCE] + segment.wait_ms))
        if clock[LEFT_AT] >= 0:
            found.append(Clock("cooldown", clock[LEFT_AT] + segment.cooldown_ms))
    return (each for each in found if each.until > at)
