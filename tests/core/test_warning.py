"""SEGMENT.about_to_leave: true from exactly T - warn_before until T, and it moves when T moves."""

from __future__ import annotations

from typing import Any

from tests.core.side_by_side import agree, played
from tests.core.test_structure import VIEWED, asked, named, plan_told, rules_of
from tests.oracle.story import at_ms, did

WARNING = "audiences.x.about_to_leave"


def warned(about: dict[str, Any], *records: Any, until: float = 60) -> list[float]:
    """Return the seconds at which the warning of the audience `x` begins, ends, …"""
    return [
        second for second, dimension, _, _ in named(rules_of(x=about), list(records), until) if dimension == WARNING
    ]


def test_a_member_is_warned_of_exactly_so_long_before() -> None:
    """In from 1 to 6; warned from 4."""
    assert warned({"enter": VIEWED, "warn_before": "2s"}, did(1)) == [4, 6]


def test_the_warning_moves_with_the_leaving() -> None:
    """A view at 3 moves it to 8, and one at 7 ends the warning."""
    assert warned({"enter": VIEWED, "warn_before": "2s"}, did(1), did(3)) == [6, 8]
    assert warned({"enter": VIEWED, "warn_before": "2s"}, did(1), did(5)) == [4, 5, 8, 10]


def test_a_view_at_the_very_instant_of_leaving_changes_nothing_in_the_segment() -> None:
    """The member stays, the warning ends."""
    assert named(rules_of(x={"enter": VIEWED, "warn_before": "2s"}), [did(1), did(6)], 9) == [
        (1, "audiences.x", "", "x"),
        (4, WARNING, "", "about_to_leave"),
        (6, WARNING, "about_to_leave", ""),
        (9, WARNING, "", "about_to_leave"),
    ]


def test_a_member_who_enters_late_is_warned_from_entering() -> None:
    """Five seconds of membership, warned nine before."""
    assert warned({"enter": VIEWED, "warn_before": "9s"}, did(1)) == [1, 6]


def test_who_never_leaves_in_silence_is_never_warned() -> None:
    """A trait does not end by itself."""
    assert warned(asked("family") | {"warn_before": "9s"}, plan_told(1, "family")) == []


def test_the_longest_and_the_shortest_stay_count_for_the_leaving() -> None:
    """The member leaves when the longest stay ends; or not before the shortest does."""
    assert warned(asked("family") | {"stay_at_most": "7s", "warn_before": "2s"}, plan_told(1, "family")) == [6, 8]
    assert warned({"enter": VIEWED, "stay_at_least": "8s", "warn_before": "2s"}, did(1)) == [7, 9]


def test_moving_to_another_segment_is_leaving() -> None:
    """A higher segment takes the customer after its wait."""
    low = asked("family") | {"warn_before": "2s"}
    high = asked("family") | {"wait": "5s"}
    rules = rules_of(d={"order": {"high": high, "low": low}})
    assert [one for one in named(rules, [plan_told(1, "family")]) if one[1] == "d.low.about_to_leave"] == [
        (4, "d.low.about_to_leave", "", "about_to_leave"),
        (6, "d.low.about_to_leave", "about_to_leave", ""),
    ]


def test_the_silence_of_what_the_segment_looks_at_counts_too() -> None:
    """x ends with y, which ends with the view; a further audience looks at the warning."""
    rules = rules_of(
        y={"enter": VIEWED},
        x={"enter": {"in_segment": "audiences.y"}, "warn_before": "2s"},
        a={"enter": {"in_segment": WARNING, "for": "1s"}},
    )
    names = [(second, dimension.removeprefix("audiences.")) for second, dimension, _, _ in named(rules, [did(1)])]
    assert names == [
        (1, "y"),
        (1, "x"),
        (4, "x.about_to_leave"),
        (5, "a"),
        (6, "y"),
        (6, "x"),
        (6, "x.about_to_leave"),
        (6, "a"),
    ]


def test_the_warning_tells_what_ends_it_and_speaks_for_the_owner() -> None:
    """Evidence names the leaving and its instant, then the conditions of the segment."""
    rules = rules_of(x={"enter": VIEWED, "warn_before": "2s", "holdout_percent": 100})
    entered = agree(rules, [did(1)], at_ms(60))[1]
    assert entered.dimension == WARNING
    assert (entered.cause.kind, entered.cause.condition) == ("time", "leaves audiences.x in silence within 2s")
    assert [(one.condition, one.value) for one in entered.evidence] == [
        ("leaves audiences.x in silence within 2s", at_ms(6)),
        ("product_viewed within 5s", 1),
    ]
    assert (entered.owner, entered.is_holdout, entered.acts, entered.holds_until) == ("o", True, False, at_ms(6))


def test_a_segment_that_is_off_warns_of_nothing() -> None:
    """There is no such dimension then."""
    rules = rules_of(x={"enter": VIEWED, "warn_before": "2s", "enabled": False}, y={"enter": {"in_segment": WARNING}})
    plan, transitions, _ = played(rules, [did(1)], at_ms(60))
    assert ([one.name for one in plan.dimensions], transitions) == (["audiences.y"], [])
