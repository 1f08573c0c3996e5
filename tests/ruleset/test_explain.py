"""What the command cannot easily bring about; the rest is in tests/cli/test_explain.py."""

from dataclasses import replace

import pytest

from stream.core.event import Event
from stream.core.plan import Plan
from stream.ruleset import explain
from stream.ruleset.compile import compile_plan
from stream.ruleset.explain import Watch, segment_id
from stream.ruleset.load import load
from stream.wire.profile import decode_profile, encode_profile

DAY = 86_400_000
RULES = load(
    {
        "vocabulary.yaml": "zone: UTC\ncurrency: EUR\nevents:\n  seen: {title: Seen, properties: {page: text}}\n",
        "audiences/often.yaml": "title: O\nowner: o\nenter: {did: seen, within: 30d, at_least: 5}\nwarn_before: 3d\n",
        "audiences/once.yaml": "title: O\nowner: o\nenter: {did: seen, within: 200d}\n",
    }
)


def plan() -> Plan:
    return compile_plan(RULES, "test")


def seen(day: int, customer: str = "c") -> Event:
    return Event(f"{customer}{day}", customer, day * DAY, day * DAY, name="seen")


def test_events_of_others_are_nothing_to_the_watched_customer() -> None:
    watch = Watch(plan(), "c")
    assert watch.apply(seen(1, "d")).outcome == explain.SOMEBODY_ELSE
    assert watch.profile.is_new


def test_beyond_what_was_looked_through_is_told_as_a_lower_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(plan(), "c")
    for day in range(1, 41):
        watch.apply(seen(day))
    (once,) = watch.explain(RULES, 40 * DAY, lambda dimension, segment: segment == "once")[-1].segments
    assert (once.enter[0].changes_at, once.enter[0].is_exact) == (240 * DAY, True)
    monkeypatch.setattr(explain, "FARTHEST", 1)
    (once,) = watch.explain(RULES, 40 * DAY, lambda dimension, segment: segment == "once")[-1].segments
    assert once.enter[0].changes_at is not None
    assert once.enter[0].changes_at < 240 * DAY
    assert once.enter[0].is_exact is False


def test_a_segment_is_named_with_its_dimension_an_audience_by_itself() -> None:
    assert segment_id("lifecycle", "new") == "lifecycle.new"
    assert segment_id("audiences.x", "x") == "audiences.x"


def test_from_the_stored_bytes_all_is_known_but_since_when() -> None:
    watch = Watch(plan(), "c")
    for day in range(1, 8):
        watch.apply(seen(day))
    stored = decode_profile("c", encode_profile(watch.profile))
    everything = lambda dimension, segment: True  # noqa: E731 - a question without a name of its own
    recorded = watch.explain(RULES, 8 * DAY, everything)
    live = Watch(plan(), "c", stored).explain(RULES, 8 * DAY, everything)
    assert [(each.name, each.segment, each.since, each.next_at) for each in live] == [
        (each.name, each.segment, each.since, each.next_at) for each in recorded
    ]
    leaving = [one.leaving for each in live for one in each.segments if one.leaving]
    assert leaving == [one.leaving for each in recorded for one in each.segments if one.leaving]
    assert [(one.leaves_at, one.condition) for one in leaving] == [(33 * DAY, "seen within 30d")]
    lines = [line for each in live for one in each.segments for line in one.enter]
    assert [line.since for line in lines] == [None] * len(lines)
    assert [replace(line, since=None) for each in recorded for one in each.segments for line in one.enter] == lines
