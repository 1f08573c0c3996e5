"""Where the history of a segment was not kept it stands still, exactly until its history is there."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.core.event import Event
from stream.core.plan import Plan
from stream.core.profile import NEVER, Profile
from stream.core.timeline import Timeline
from stream.core.warming import Version
from stream.errors import InputError
from stream.wire.event import decode_event
from tests.core.agreement import as_bytes
from tests.core.side_by_side import plan_with
from tests.core.test_versions_agreement import SLOW, agree_on_versions
from tests.oracle import Rec
from tests.oracle.story import at_ms, audience, did
from tests.strategies import Story
from tests.strategies_versions import changing_stories

FAMILY: dict[str, Any] = {"trait": "plan", "is": "family"}
DAY_MS = 86_400_000


def ready_at(new: dict[str, Any], old: dict[str, Any] | None = None, **parts: Any) -> int | None:
    """Return when the history of a condition is there that was kept since instant 0, after rules that asked `old`."""
    before, after = plan_with(audience(old or FAMILY)), plan_with(audience(new, **parts))
    found = Version(after, 0).ready_at(before.keeps)
    return found.get((after.dimensions[0].key, "x"))


@pytest.mark.parametrize(
    ("new", "ready"),
    [
        ({"did": "product_viewed", "within": "3d"}, 3 * DAY_MS),
        ({"did_not": "product_viewed", "within": "2d"}, 2 * DAY_MS),
        ({"did": "product_viewed"}, NEVER),
        ({"did": "product_viewed", "older_than": "2d"}, NEVER),
        ({"did": "product_viewed", "within": "5d", "older_than": "2d"}, 5 * DAY_MS),
        ({"first_time": "product_viewed", "within": "3d"}, NEVER),
        ({"stopped": "product_viewed", "did_within": "9d", "quiet_for": "3d"}, 9 * DAY_MS),
        ({"restarted": "product_viewed", "quiet_for": "9d", "again_within": "3d"}, NEVER),
        (
            {"regularly": "product_viewed", "at_least": 1, "every": "2d", "in_at_least": 2, "of_last": 3},
            6 * DAY_MS,
        ),
        ({"sequence": ["product_viewed", "cart_updated"], "within": "4d"}, 4 * DAY_MS),
        ({"sequence": ["product_viewed", "cart_updated"]}, NEVER),
        ({"most_frequent": "order_placed.category", "within": "4d", "is": "garden"}, 4 * DAY_MS),
        ({"trait": "plan", "is": "family", "for": "3d"}, 3 * DAY_MS),
        ({"trait": "plan", "is": "family", "for_less_than": "2d"}, 2 * DAY_MS),
        ({"trait": "renews_on", "within": "2d", "for": "1d"}, DAY_MS),
        ({"score": "churn_probability", "at_least": 1}, NEVER),
        ({"all": [{"did": "product_viewed", "within": "3d"}, {"did": "cart_updated", "within": "4d"}]}, 4 * DAY_MS),
    ],
    ids=str,
)
def test_a_condition_is_ready_when_what_it_looks_at_was_kept_so_long(new: dict[str, Any], ready: int) -> None:
    assert ready_at(new) == ready


@pytest.mark.parametrize(
    "new",
    [
        {"trait": "visits", "at_least": 3},
        {"consent": "email"},
        {"in_list": "openings", "for": "3d"},
        {"everyone": True},
        {"did": "order_placed"},
        {"sum": "order_placed.amount", "within": "300d", "at_least": 3},
        {"did_not": "order_placed", "within": {"personal_gaps": 2, "at_least": "1d"}},
        {"today": {"weekday": ["monday"]}},
    ],
    ids=str,
)
def test_what_is_always_kept_is_ready_at_once(new: dict[str, Any]) -> None:
    """Declared traits, consents and lists, and every order with its amount."""
    assert ready_at(new) is None


def test_what_the_old_rules_kept_is_ready_unless_more_of_it_is_asked() -> None:
    views: dict[str, Any] = {"did": "product_viewed", "at_least": 3, "within": "3d"}
    assert ready_at(views, views) is None
    assert ready_at(views | {"at_least": 2, "within": "1d"}, views) is None
    assert ready_at(views | {"within": "9d"}, views) is None  # the newest three are kept, however old they are
    assert ready_at(views | {"at_least": 4}, views) == 3 * DAY_MS
    orders: dict[str, Any] = {"did": "order_placed", "where": {"category": "garden"}, "within": "3d"}
    assert ready_at(orders, orders | {"where": {"category": "tools"}}) is None
    assert ready_at(orders | {"where": {"coupon": {"exists": True}}}, orders) == 3 * DAY_MS
    cart: dict[str, Any] = {"sequence": ["product_viewed", "cart_updated"], "within": "3d"}
    assert ready_at(cart | {"within": "4d"}, cart) == 4 * DAY_MS


def test_two_conditions_on_one_state_wait_for_the_longer() -> None:
    files = audience({"did": "product_viewed", "within": "1d"})
    files["audiences/y.yaml"] = {"title": "Y", "owner": "o", "enter": {"did": "product_viewed", "within": "7d"}}
    found = Version(plan_with(files), 0).ready_at(plan_with(audience(FAMILY)).keeps)
    assert [*found.values()] == [7 * DAY_MS, 7 * DAY_MS]


def test_where_the_log_has_everything_nothing_is_missing() -> None:
    after = plan_with(audience({"did": "product_viewed"}))
    assert Version(after).ready_at(plan_with(audience(FAMILY)).keeps) == {}


# -- drawn rules and histories ------------------------------------------------------------


def with_missing(story: Story, kept_since: int, rebuilt_at: int) -> tuple[list[Rec], dict[str, Version]]:
    """Return the history up to its second change of rules, and the version that it comes to, with what is missing."""
    uses = [number for number, one in enumerate(story.records) if one.kind == "use"]
    records = [one for number, one in enumerate(story.records) if one.kind != "use" or number == uses[0]]
    use = records[uses[0]]
    version = Version(plan_with(use.content["rules"]), kept_since, rebuilt_at)
    names = {one.key: one.name for one in version.plan.dimensions}
    found = version.ready_at(plan_with(story.rules).keeps)
    ready = {f"{names[key]} {segment}": at for (key, segment), at in found.items()}
    records[uses[0]] = Rec(use.record_time, "use", use.content | {"ready": ready})
    return records, {f"h{uses[0]}": version}


@settings(max_examples=50, deadline=None, suppress_health_check=SLOW)
@given(changing_stories(), st.integers(-8, 8), st.integers(0, 30) | st.none())
def test_segments_that_stand_still_agree_with_the_oracle(story: Story, since: int, rebuilt: int | None) -> None:
    check_still(story, since, rebuilt)


def check_still(story: Story, since: int, rebuilt: int | None) -> None:
    """Let engine and oracle agree on a change of rules after which history is missing since so many steps."""
    use = next(one for one in story.records if one.kind == "use")
    kept_since = use.record_time + since * story.step_ms
    rebuilt_at = NEVER if rebuilt is None else use.record_time + rebuilt * story.step_ms
    records, versions = with_missing(story, kept_since, rebuilt_at)
    agree_on_versions(story.rules, records, story.until, versions)


@pytest.mark.nightly
@settings(max_examples=5_000, deadline=None, suppress_health_check=SLOW)
@given(changing_stories(), st.integers(-8, 8), st.integers(0, 30) | st.none())
def test_five_thousand_times_segments_stand_still_as_for_the_oracle(
    story: Story, since: int, rebuilt: int | None
) -> None:
    check_still(story, since, rebuilt)


def fold_all(timeline: Timeline, records: list[Rec]) -> None:
    """Keep what records say, as far as they are accepted."""
    for record in records:
        if record.kind == "event" and (event := accepted(record, timeline.plan)) is not None:
            timeline.apply(event)


def accepted(record: Rec, plan: Plan) -> Event | None:
    """Return the event of a record, None where it is refused."""
    try:
        return plan.vocabulary.accept(decode_event(as_bytes(record)), record.record_time)
    except InputError:
        return None


@settings(max_examples=80, deadline=None, suppress_health_check=SLOW)
@given(changing_stories(), st.data())
def test_what_is_kept_from_an_instant_on_says_the_same_once_it_is_enough(story: Story, data: st.DataObject) -> None:
    """A customer who has of the past only what the old rules kept, beside one who has all of it."""
    after = next(one.content["rules"] for one in story.records if one.kind == "use")
    new, old = plan_with(after), plan_with({**story.rules, "vocabulary.yaml": after["vocabulary.yaml"]})
    place = data.draw(st.integers(0, len(story.records)), label="kept from this record on")
    kept_since = max([0, *(one.record_time for one in story.records[:place])])
    whole, late = Timeline(new.keeping()), Timeline(new.keeping())
    fold_all(whole, story.records[:place])
    version = Version(new, kept_since)
    known = version.kept_whole(old.keeps)
    late.profiles = deepcopy(whole.profiles)
    for profile in late.profiles.values():
        profile.states = {key: state for key, state in profile.states.items() if key in known}
    for timeline in (whole, late):
        fold_all(timeline, story.records[place:])
    for profile in whole.profiles.values():
        profile.derived.clear()
        same_when_ready(new, version.ready_at(old.keeps), profile, late.profiles[profile.customer_id], story)


def same_when_ready(plan: Plan, ready: dict[tuple[int, str], int], whole: Profile, late: Profile, story: Story) -> None:
    """Compare every condition of every segment, at its first instant and some later ones."""
    late.derived.clear()
    for dimension in plan.dimensions:
        for segment in dimension.order:
            begins = ready.get((dimension.key, segment.name), 0)
            for at in [max(begins, story.until + number * story.step_ms) for number in range(12)]:
                for leaf in segment.leaves:
                    if begins < NEVER and not leaf.dimensions:
                        assert (leaf.read(whole, at) > 0) is (leaf.read(late, at) > 0)


def test_members_stay_and_nobody_comes_while_a_segment_stands_still() -> None:
    """Who was in it before stays, whatever happens; then all that is due comes at once."""
    old = audience({"did": "product_viewed", "within": "4s"})
    new = audience({"did": "product_viewed", "at_least": 2, "within": "9s"})
    use = Rec(at_ms(3), "use", {"rules": new, "ready": {"audiences.x x": at_ms(12)}})
    versions = {"h1": Version(plan_with(new), at_ms(3))}
    found = agree_on_versions(old, [did(1), use, did(20)], at_ms(60), versions)
    assert [(one.at, one.left, one.entered, one.cause.kind) for one in found] == [
        (at_ms(1), "", "x", "event"),
        (at_ms(12), "x", "", "backfill"),
    ]
