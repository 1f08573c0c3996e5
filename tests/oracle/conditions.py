"""Whether one condition holds now: every leading word of the rule language, from scratch."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from tests.oracle.aggregates import distinct, edge_value, figure, identity, most_frequent, share
from tests.oracle.compare import compares, counts, date_start, edge, next_day
from tests.oracle.days import WEEKDAYS, day_of, next_midnight
from tests.oracle.matching import counted, value_at
from tests.oracle.shapes import first_time, last_event, regularly, restarted, sequence, stopped
from tests.oracle.spans import exact, is_span
from tests.oracle.world import MISSING, World

EARTH_KM = 6371.0088
NUMBER_WORDS = ("at_least", "at_most", "above", "below", "exactly", "between")


def holds(condition: dict[str, Any], world: World, now: int) -> bool:
    """Return the truth of one condition, as of `now`, from all that is known."""
    word = next(word for word in condition if word in LEADING)
    return LEADING[word](condition, world, now)


def did(parts: dict[str, Any], world: World, now: int) -> bool:
    """Return whether the number of matches (for one value of `per`, if asked) satisfies the count."""
    found = counted(parts["did"], parts, world, now)
    bar = parts if any(word in parts for word in NUMBER_WORDS) else {"at_least": 1}
    if "per" not in parts:
        return counts(bar, len(found), world)
    values = [identity(value_at(one.properties, parts["per"])) for one in found]
    return any(counts(bar, values.count(value), world) for value in values if value != identity(None))


def did_on_days(parts: dict[str, Any], world: World, now: int) -> bool:
    """Return whether the number of different days with a match satisfies the count; days of the shop's zone."""
    days = {day_of(one.at, world.shop_zone) for one in counted(parts["did_on_days"], parts, world, now)}
    return counts(parts, len(days), world)


def trait(parts: dict[str, Any], world: World, now: int) -> bool:
    """Return whether a trait compares now, and for how long it has."""
    true_now = compares(parts, world.latest("traits", parts["trait"]), world, now)
    if "for" in parts:
        return true_now and trait_held(parts, world, now, world.span(parts["for"]))
    if "for_less_than" in parts:
        return true_now and not trait_held(parts, world, now, world.span(parts["for_less_than"]))
    return true_now


def trait_held(parts: dict[str, Any], world: World, now: int, span: int) -> bool:
    """Return whether the comparison was true at every instant of the last `span`, by when the values occurred."""
    changes = world.told("traits", parts["trait"])
    since = min([world.known_since, *(at for at, _ in changes)])
    if since > now - span:
        return False
    looked_at = {now - span, *(at for at, _ in changes), *own_instants(parts, changes, world, now - span, now)}
    return all(true_at(parts, changes, world, at) for at in looked_at if now - span <= at <= now)


def true_at(parts: dict[str, Any], changes: list[tuple[int, Any]], world: World, at: int) -> bool:
    """Return whether the comparison held at an instant, with the value of that instant."""
    values = [value for told, value in changes if told <= at]
    return compares(parts, values[-1] if values else MISSING, world, at)


def own_instants(
    parts: dict[str, Any], changes: list[tuple[int, Any]], world: World, first: int, last: int
) -> set[int]:
    """Return the instants at which a date comparison turns by time alone."""
    if not {"within", "within_next", "older_than", "falls", "anniversary"} & set(parts):
        return set()
    starts = [start for _, value in changes if (start := date_start(value, world)) is not None]
    spans = [world.span(value) for value in parts.values() if is_span(value)]
    found = {start + sign * span for start in starts for span in [0, *spans] for sign in (-1, 1)}
    while {"falls", "anniversary"} & set(parts) and first < last:
        first = next_midnight(first, world.zone)
        found.add(first)
    return found


def since_long(parts: dict[str, Any], since: int | None, world: World, now: int) -> bool:
    """Return whether something that is so since an instant satisfies `for` or `for_less_than`."""
    if since is None:
        return False
    if "for" in parts:
        return since + world.span(parts["for"]) <= now
    return "for_less_than" not in parts or now < since + world.span(parts["for_less_than"])


def in_segment(parts: dict[str, Any], world: World, now: int) -> bool:
    """Return whether the customer is in a segment, and for how long."""
    return since_long(parts, world.entered(parts["in_segment"]), world, now)


def in_list(parts: dict[str, Any], world: World, now: int) -> bool:
    """Return whether the customer is on a list, and for how long; being added again changes nothing."""
    since: int | None = None
    for at, value in world.told("lists", parts["in_list"]):
        is_on = value in ("added", True)
        since = (at if since is None else since) if is_on else None
    return since_long(parts, since, world, now)


def consent(parts: dict[str, Any], world: World, _now: int) -> bool:
    """Return whether a consent is given, or counts as given until told."""
    about = (world.vocabulary.get("consents") or {}).get(parts["consent"]) or {}
    told = world.latest("consents", parts["consent"])
    return (about.get("unless_told", "not_given") if told is MISSING else told) in ("given", True)


def bucket(parts: dict[str, Any], world: World, _now: int) -> bool:
    """Return whether the customer's place in a named lottery lies in the slice."""
    start = exact(parts.get("starting_at", 0)) or Fraction(0)
    width = exact(parts["percent"]) or Fraction(0)
    return start <= bucket_place(parts["bucket"], world) < start + width


def bucket_place(name: str, world: World) -> Fraction:
    """Return the customer's place from 0 up to 100 in a named lottery."""
    given = world.given.get("bucket")
    if given is not None:
        place = exact(given[name] if isinstance(given, dict) else given)
        assert place is not None
        return place
    return chance(name, world)


def chance(name: str, world: World) -> Fraction:
    """Return the place from 0 up to 100 that chance gives the customer in a named lottery."""
    customer = world.accepted[0].content.get("customer_id", "") if world.accepted else ""
    digest = hashlib.blake2b(f"{name}\x00{customer}".encode(), digest_size=8).digest()
    return Fraction(int.from_bytes(digest, "big") % 10_000, 100)


def score(parts: dict[str, Any], world: World, _now: int) -> bool:
    """Return whether a published score satisfies the count; without one nothing does."""
    value = exact(world.latest("scores", parts["score"]))
    return value is not None and counts(parts, value, world)


def points(parts: dict[str, Any], world: World, now: int) -> bool:
    """Return whether the points given by the conditions that hold satisfy the count."""
    total = Fraction(0)
    for line in world.rules[f"points/{parts['points']}.yaml"]["add"]:
        if holds(line["when"], world, now):
            total += world.number(line["give"]) or 0
    return counts(parts, total, world)


def near(parts: dict[str, Any], world: World, _now: int) -> bool:
    """Return whether a place the customer told of lies at most so many kilometres away."""
    place = world.vocabulary["places"][parts["near"]]
    kinds = {name: about.get("type") for name, about in (world.vocabulary.get("traits") or {}).items()}
    told = [world.latest("traits", name) for name, kind in kinds.items() if kind == "place"]
    limit = float(parts["km"])
    whole = [one for one in told if isinstance(one, dict) and is_degrees(one.get("lat")) and is_degrees(one.get("lon"))]
    return any(distance_km(one, place) <= limit for one in whole)


def is_degrees(value: Any) -> bool:
    """Return whether a place can have this as one of its two numbers."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def distance_km(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Return the great-circle distance of two places."""
    lat, lon, lat2, lon2 = (math.radians(float(place[key])) for place in (one, other) for key in ("lat", "lon"))
    half = math.sin((lat2 - lat) / 2) ** 2 + math.cos(lat) * math.cos(lat2) * math.sin((lon2 - lon) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(half))


def today(parts: dict[str, Any], world: World, now: int) -> bool:
    """Return whether the local day is one of the weekdays, or lies between two dates."""
    asked = parts["today"]
    if "weekday" in asked:
        return WEEKDAYS[day_of(now, world.zone).weekday()] in asked["weekday"]
    return edge(asked["from"], world) <= now < edge(next_day(asked["to"]), world)


Question = Callable[[dict[str, Any], World, int], bool]
LEADING: dict[str, Question] = {
    "all": lambda parts, world, now: all(holds(one, world, now) for one in parts["all"]),
    "any": lambda parts, world, now: any(holds(one, world, now) for one in parts["any"]),
    "not": lambda parts, world, now: not holds(parts["not"], world, now),
    "everyone": lambda _parts, _world, _now: True,
    "did": did,
    "did_on_days": did_on_days,
    "did_not": lambda parts, world, now: not counted(parts["did_not"], parts, world, now),
    "first_time": first_time,
    "last_event": last_event,
    "sequence": sequence,
    "regularly": regularly,
    "stopped": stopped,
    "restarted": restarted,
    "sum": lambda parts, world, now: figure("sum", parts, world, now),
    "average": lambda parts, world, now: figure("average", parts, world, now),
    "smallest": lambda parts, world, now: figure("smallest", parts, world, now),
    "largest": lambda parts, world, now: figure("largest", parts, world, now),
    "distinct": distinct,
    "first_value": lambda parts, world, now: edge_value("first_value", parts, world, now),
    "last_value": lambda parts, world, now: edge_value("last_value", parts, world, now),
    "most_frequent": most_frequent,
    "share": share,
    "trait": trait,
    "in_segment": in_segment,
    "in_list": in_list,
    "consent": consent,
    "bucket": bucket,
    "score": score,
    "points": points,
    "near": near,
    "today": today,
}
