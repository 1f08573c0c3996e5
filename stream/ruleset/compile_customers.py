"""Leaves of the conditions on what the customer is: traits, segments, lists, consents, places, chance, the day."""

from __future__ import annotations

from stream.core import geo, lottery, today, told
from stream.core.condition import Leaf, Read, always
from stream.core.profile import Profile
from stream.ruleset.compile_conditions import Conditions, Makers
from stream.ruleset.compile_dates import DATE_OPS, date_runs
from stream.ruleset.compile_figures import told_compare
from stream.ruleset.compile_tests import compare_test
from stream.ruleset.compile_told import told_key, trait_key
from stream.ruleset.schema_customers import (
    WEEKDAYS,
    Bucket,
    Consent,
    Everyone,
    InList,
    InSegment,
    Near,
    Today,
    Trait,
)
from stream.ruleset.spans import span_text
from stream.ruleset.wording import compare_words, op_words


def everyone(conditions: Conditions, asked: Everyone) -> Leaf:
    """Return the leaf of `everyone`."""
    return Leaf("everyone", "", None, "", read=always, value=lambda profile, now: True)


def trait(conditions: Conditions, asked: Trait) -> Leaf:
    """Return the leaf of `trait`: its newest value compared, and for how long that has held."""
    tellings, compare, key = conditions.tellings, asked.compare, trait_key(asked.trait)
    is_money = tellings.is_money(asked.trait)
    read, states = (_dated if compare.op in DATE_OPS else _compared)(conditions, asked)
    words, bar = told_compare(compare, tellings.minor_units(asked.trait))
    return Leaf(
        f"trait {asked.trait}{_for_words(asked.for_, asked.for_less_than)}",
        words,
        span_text(bar) if compare.op in _SPANS else bar,
        tellings.vocabulary.currency if is_money else "",
        read=read,
        value=told.trait_value(key),
        states=states | {key},
    )


_SPANS = frozenset({"within", "within_next", "older_than"})


def _compared(conditions: Conditions, asked: Trait) -> tuple[Read, frozenset[int]]:
    """Return the verdict of a comparison that time does not change, and the states it reads beside the trait."""
    tellings, compare, key = conditions.tellings, asked.compare, trait_key(asked.trait)
    test = compare_test(compare, tellings.minor_units(asked.trait))
    if asked.for_ is None and asked.for_less_than is None:
        return told.trait(key, test), frozenset()
    for_ms, below_ms = asked.for_ or 0, asked.for_less_than or 0
    held_key = tellings.held(asked.trait, compare_words(compare), test, for_ms or below_ms)
    return told.held_trait(key, held_key, test, for_ms, below_ms), frozenset({held_key})


def _dated(conditions: Conditions, asked: Trait) -> tuple[Read, frozenset[int]]:
    """Return the verdict of a comparison with a date or moment, and the states it reads beside the trait."""
    tellings, runs = conditions.tellings, date_runs(asked.compare)
    if asked.for_ is None and asked.for_less_than is None:
        return told.dated_trait(trait_key(asked.trait), runs, tellings.zone_of), tellings.zone_states
    history = tellings.history(asked.trait, asked.for_ or asked.for_less_than or 0)
    read = told.held_dated_trait(history, runs, tellings.zone_of, asked.for_ or 0, asked.for_less_than or 0)
    return read, tellings.zone_states | {history}


def in_segment(conditions: Conditions, asked: InSegment) -> Leaf:
    """Return the leaf of `in_segment`, with how long."""
    place, segment = conditions.place_of(asked.in_segment)
    return Leaf(
        f"in {asked.in_segment}{_for_words(asked.for_, asked.for_less_than)}",
        "",
        None,
        "",
        read=told.in_segment(place, segment, asked.for_ or 0, asked.for_less_than or 0),
        value=told.segment_value(place),
        dimensions=frozenset({place.key}),
    )


def _for_words(for_: int | None, for_less_than: int | None) -> str:
    if for_ is not None:
        return f" for {span_text(for_)}"
    return "" if for_less_than is None else f" for less than {span_text(for_less_than)}"


def in_list(conditions: Conditions, asked: InList) -> Leaf:
    """Return the leaf of `in_list`, with how long."""
    key = told_key("list", asked.in_list)
    return Leaf(
        f"in list {asked.in_list}{_for_words(asked.for_, None)}",
        "",
        None,
        "",
        read=told.on_list(key, asked.for_ or 0),
        value=told.trait_value(key),
        states=frozenset({key}),
    )


def consent(conditions: Conditions, asked: Consent) -> Leaf:
    """Return the leaf of `consent`: what was said last, or what counts unless told."""
    key = told_key("consent", asked.consent)
    unless_told = conditions.tellings.file.consents[asked.consent].unless_told
    read = told.is_told(key, "given", unless_told)
    return Leaf(
        f"consent {asked.consent}",
        "",
        None,
        "",
        read=read,
        value=lambda profile, now: "given" if read(profile, now) > 0 else "not_given",
        states=frozenset({key}),
    )


def bucket(conditions: Conditions, asked: Bucket) -> Leaf:
    """Return the leaf of `bucket`: which part of all customers this one belongs to."""
    places = conditions.bundle.places
    end = asked.starting_at + asked.percent
    return Leaf(
        f"bucket {asked.bucket}",
        "from, to before",
        [asked.starting_at, end],
        "",
        read=lottery.bucket(asked.bucket, asked.starting_at, asked.percent, places),
        value=lottery.place_in(asked.bucket, places),
        is_personal=True,
    )


def near(conditions: Conditions, asked: Near) -> Leaf:
    """Return the leaf of `near`: how far the nearest place that the customer told of is."""
    named, keys = conditions.tellings.file.places[asked.near], conditions.tellings.places()
    place, km = (named.lat, named.lon), float(asked.km)
    value = geo.nearest_km(keys, place)

    def rounded(profile: Profile, now: int) -> float | None:
        found = value(profile, now)
        return None if found is None else round(found, 1)

    return Leaf(
        f"km from {asked.near}",
        op_words("at_most"),
        km,
        "",
        read=geo.near(keys, place, km),
        value=rounded,
        states=frozenset(keys),
    )


def today_is(conditions: Conditions, asked: Today) -> Leaf:
    """Return the leaf of `today`: the day where the customer lives."""
    tellings, days = conditions.tellings, asked.today
    if days.weekday is not None:
        test, bar = "one of", [str(name) for name in days.weekday]
        read = today.on_weekdays(tellings.zone_of, frozenset(WEEKDAYS.index(name) for name in days.weekday))
    else:
        assert days.from_ is not None
        assert days.to is not None
        test, bar = "from, to", [days.from_.date.isoformat(), days.to.date.isoformat()]
        read = today.between_days(tellings.zone_of, days.from_.date.toordinal(), days.to.date.toordinal() + 1)
    value = today.today_value(tellings.zone_of)
    return Leaf("today", test, bar, "", read=read, value=value, states=tellings.zone_states)


MAKERS: Makers = {
    Everyone: everyone,
    Trait: trait,
    InSegment: in_segment,
    InList: in_list,
    Consent: consent,
    Bucket: bucket,
    Near: near,
    Today: today_is,
}
