"""Local days and calendar words: where days begin, in every zone and over every change of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from stream.core.calendar import anniversary, day_of, day_start, period
from tests.core.side_by_side import agree
from tests.oracle import Rec
from tests.oracle.story import audience

HOUR_MS = 3_600_000


def ms(text: str) -> int:
    """Return the instant of a moment in UTC."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def ordinal(text: str) -> int:
    """Return the number of a day."""
    return date.fromisoformat(text).toordinal()


def did(at: str, name: str = "product_viewed", **told: Any) -> Rec:
    """Return something done at a moment in UTC, with what is told beside it."""
    content = {"event_id": f"{name}@{at}", "name": name, "customer_id": "c-1", "occurred_at": ms(at), **told}
    return Rec(ms(at), "event", content)


def flips(enter: dict[str, Any], records: list[Rec], until: str, zone: str = "UTC") -> list[str]:
    """Return the moments in UTC at which the customer enters, leaves, …; engine and oracle agree."""
    found = agree(audience(enter, {"zone": zone}), records, ms(until))
    return [datetime.fromtimestamp(one.at / 1000, UTC).isoformat()[:16] for one in found]


# -- where a day begins ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("UTC", "2026-03-08", "2026-03-08T00:00"),
        ("Pacific/Kiritimati", "2026-03-08", "2026-03-07T10:00"),  # 14 h ahead
        ("Etc/GMT+12", "2026-03-08", "2026-03-08T12:00"),  # 12 h behind
        ("Europe/Lisbon", "2026-03-29", "2026-03-29T00:00"),  # clocks change at 01:00
        ("Europe/Lisbon", "2026-03-30", "2026-03-29T23:00"),
        ("Europe/Lisbon", "2026-10-25", "2026-10-24T23:00"),
        ("Europe/Lisbon", "2026-10-26", "2026-10-26T00:00"),
        ("America/Havana", "2026-03-08", "2026-03-08T05:00"),  # 00:00 does not exist: it is 01:00 at once
        ("America/Havana", "2026-11-01", "2026-11-01T04:00"),  # 00:00 comes twice: the first is the beginning
        ("America/Havana", "2026-11-02", "2026-11-02T05:00"),
        ("America/St_Johns", "2010-11-07", "2010-11-07T02:30"),  # 00:01 goes back to 23:01: the day stays begun
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00"),  # skipped: it begins when the next does
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00"),
        ("Africa/Monrovia", "1972-01-07", "1972-01-07T00:44"),  # the clock went from 00:00 on to 00:44:30
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30"),  # 23:30 went on to 00:30, over a midnight
    ],
)
def test_a_day_begins_at_the_first_instant_that_the_clock_shows_it(zone: str, day: str, begins: str) -> None:
    """Also where its midnight does not exist, comes twice, or the whole day was skipped."""
    start = day_start(ordinal(day), ZoneInfo(zone))
    assert datetime.fromtimestamp(start / 1000, UTC).isoformat()[:16] == begins
    assert day_of(start, ZoneInfo(zone)) >= ordinal(day) > day_of(start - 1, ZoneInfo(zone))


def test_a_day_that_has_begun_is_not_taken_back() -> None:
    """In St John's 00:01 went back to 23:01; the night between is the new day's."""
    zone = ZoneInfo("America/St_Johns")
    assert {day_of(ms("2010-11-07T02:30") + minute * 60_000, zone) for minute in range(120)} == {ordinal("2010-11-07")}


@pytest.mark.parametrize("day", [1, 2, date.max.toordinal() - 1, date.max.toordinal(), date.max.toordinal() + 400])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_days_at_the_ends_of_the_calendar_have_a_beginning(day: int, zone: str) -> None:
    """They are shown by no clock, so it is midnight in UTC."""
    assert day_start(day, ZoneInfo(zone)) == (day - ordinal("1970-01-01")) * 24 * HOUR_MS


# -- periods ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "count", "first", "last"),
    [
        ("today", 0, "2026-12-31", "2026-12-31"),
        ("yesterday", 0, "2026-12-30", "2026-12-30"),
        ("tomorrow", 0, "2027-01-01", "2027-01-01"),
        ("this_week", 0, "2026-12-28", "2027-01-03"),  # over New Year, Monday to Sunday
        ("last_week", 0, "2026-12-21", "2026-12-27"),
        ("next_week", 0, "2027-01-04", "2027-01-10"),
        ("this_month", 0, "2026-12-01", "2026-12-31"),
        ("last_month", 0, "2026-11-01", "2026-11-30"),
        ("next_month", 0, "2027-01-01", "2027-01-31"),
        ("this_year", 0, "2026-01-01", "2026-12-31"),
        ("last_year", 0, "2025-01-01", "2025-12-31"),
        ("next_year", 0, "2027-01-01", "2027-12-31"),
        ("last_days", 7, "2026-12-25", "2026-12-31"),  # today and the six days before
        ("days_ago", 3, "2026-12-28", "2026-12-28"),
        ("days_ahead", 3, "2027-01-03", "2027-01-03"),
    ],
)
def test_a_period_is_whole_days_as_seen_from_today(word: str, count: int, first: str, last: str) -> None:
    """Seen from Thursday, 31 December 2026; and it holds exactly the days that say it holds them."""
    today, found = ordinal("2026-12-31"), period(word, count)
    assert found.days(today) == (ordinal(first), ordinal(last) + 1)
    for day in range(today - 800, today + 800, 3):
        begin, end = found.holders(day)
        assert (begin <= today < end) is (ordinal(first) <= day <= ordinal(last))


def test_29_february_comes_round_on_the_28th_in_other_years() -> None:
    """And on itself in leap years."""
    leap = ordinal("1996-02-29")
    assert [anniversary(leap, year) for year in (2027, 2028, 2100)] == [
        ordinal(day) for day in ("2027-02-28", "2028-02-29", "2100-02-28")
    ]


# -- calendar words in rules --------------------------------------------------------------

TODAY = {"did": "product_viewed", "during": "today"}


@pytest.mark.parametrize(
    ("zone", "leaves"),
    [
        ("UTC", "2026-03-08T00:00"),
        ("Pacific/Kiritimati", "2026-03-07T10:00"),  # 17:00 of the 7th there
        ("Etc/GMT+12", "2026-03-07T12:00"),  # 15:00 of the 6th there
        ("America/Havana", "2026-03-07T05:00"),
    ],
)
def test_during_today_ends_at_the_local_midnight(zone: str, leaves: str) -> None:
    """Seen from a view at 03:00 UTC on the 7th."""
    start = "2026-03-07T03:00"
    assert flips(TODAY, [did(start)], "2026-03-09T00:00", zone) == [start, leaves]


def test_a_midnight_that_does_not_exist_is_the_instant_of_the_change() -> None:
    """Havana, 8 March 2026: from 23:59:59 to 01:00."""
    view = did("2026-03-08T04:59")
    assert flips(TODAY, [view], "2026-03-10T00:00", "America/Havana")[1] == "2026-03-08T05:00"


def test_of_a_midnight_that_comes_twice_the_first_counts() -> None:
    """Havana, 1 November 2026: the day begins at 04:00 UTC and has 25 hours."""
    view = did("2026-11-01T04:00")
    assert flips(TODAY, [view], "2026-11-03T00:00", "America/Havana") == ["2026-11-01T04:00", "2026-11-02T05:00"]


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-28", 24), ("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24)]
)
def test_a_day_has_as_many_hours_as_its_clocks_give_it(day: str, hours: int) -> None:
    """Lisbon changes its clocks in the night; `today` follows, a span of 24 h does not."""
    zone = ZoneInfo("Europe/Lisbon")
    start = day_start(ordinal(day), zone)
    view = Rec(start, "event", did("2026-01-01T00:00").content | {"occurred_at": start})
    found = agree(audience(TODAY, {"zone": "Europe/Lisbon"}), [view], start + 48 * HOUR_MS)
    assert [one.at - start for one in found] == [0, hours * HOUR_MS]


def test_last_days_and_days_ago_count_today_as_it_is_there() -> None:
    """A view of the 7th: in the last two days until the 9th, two days ago on the 9th."""
    view = did("2026-03-07T03:00")
    within = {"did": "product_viewed", "during": {"last_days": 2}}
    assert flips(within, [view], "2026-03-20T00:00") == ["2026-03-07T03:00", "2026-03-09T00:00"]
    ago = {"did": "product_viewed", "during": {"days_ago": 2}}
    assert flips(ago, [view], "2026-03-20T00:00") == ["2026-03-09T00:00", "2026-03-10T00:00"]


def test_last_week_over_new_year() -> None:
    """A view of Wednesday, 30 December, is of last week from Monday, 4 January."""
    view = did("2026-12-30T03:00")
    enter = {"did": "product_viewed", "during": "last_week"}
    assert flips(enter, [view], "2027-02-01T00:00") == ["2027-01-04T00:00", "2027-01-11T00:00"]


def test_nothing_is_asked_at_midnights_on_which_nothing_changes() -> None:
    """Nine views of this month: the next wake-up is the end of the month."""
    views = [did(f"2026-03-07T0{hour}:00") for hour in range(9)]
    found = agree(audience({"did": "product_viewed", "during": "this_month", "at_least": 5}), views, None)
    assert found[0].holds_until == ms("2026-04-01T00:00")
    assert found[0].holds_until_is_exact


def test_a_customer_who_changes_zone_is_decided_again_at_once() -> None:
    """It is already the 8th in Kiritimati when it is noon of the 7th in UTC; back in UTC it is the 7th again."""
    moves = did("2026-03-07T12:00", "message_clicked", traits={"time_zone": "Pacific/Kiritimati"})
    back = did("2026-03-07T15:00", "message_clicked", traits={"time_zone": None})
    records = [did("2026-03-07T03:00"), moves, back]
    assert flips(TODAY, records, "2026-03-09T00:00") == [
        "2026-03-07T03:00",
        "2026-03-07T12:00",
        "2026-03-07T15:00",
        "2026-03-08T00:00",
    ]


def test_a_zone_that_does_not_exist_is_no_zone() -> None:
    """Then the vocabulary's counts."""
    moves = did("2026-03-07T12:00", "message_clicked", traits={"time_zone": "Nowhere/Land"})
    assert flips(TODAY, [did("2026-03-07T03:00"), moves], "2026-03-09T00:00") == [
        "2026-03-07T03:00",
        "2026-03-08T00:00",
    ]


def test_today_is_a_weekday_where_the_customer_lives() -> None:
    """Saturday and Sunday in Kiritimati begin at 10:00 UTC of the day before."""
    enter = {"today": {"weekday": ["saturday", "sunday"]}}
    assert flips(enter, [did("2026-03-04T00:00")], "2026-03-12T00:00", "Pacific/Kiritimati") == [
        "2026-03-06T10:00",
        "2026-03-08T10:00",
    ]


def test_today_between_two_days_includes_both() -> None:
    """From the first instant of the one to the last of the other, once."""
    enter = {"today": {"from": "2026-03-29", "to": "2026-03-29"}}
    assert flips(enter, [did("2026-03-04T00:00")], "2027-04-12T00:00", "Europe/Lisbon") == [
        "2026-03-29T00:00",
        "2026-03-29T23:00",
    ]


def test_every_weekday_is_always() -> None:
    """Nothing ever changes then."""
    week = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    found = agree(audience({"today": {"weekday": week}}), [did("2026-03-04T00:00")], ms("2026-04-01T00:00"))
    assert [one.entered for one in found] == ["x"]


def test_explicit_dates_have_no_timer_at_the_end() -> None:
    """What was done between them always was."""
    enter = {"did": "product_viewed", "from": "2026-03-06", "to": "2026-03-07"}
    records = [did("2026-03-05T23:59"), did("2026-03-06T00:00"), did("2026-03-08T00:00")]
    assert flips(enter, records, "2027-03-07T00:00") == ["2026-03-06T00:00"]
    assert flips(enter | {"at_least": 2}, records, "2027-03-07T00:00") == []


def test_before_excludes_its_moment_and_from_includes_it() -> None:
    """A view at exactly that instant."""
    view = did("2026-03-06T17:00")
    assert flips({"did": "product_viewed", "before": "2026-03-06T18:00+01:00"}, [view], "2026-04-01T00:00") == []
    assert flips({"did": "product_viewed", "from": "2026-03-06T18:00+01:00"}, [view], "2026-04-01T00:00") != []


def test_dates_that_end_before_they_begin_hold_nothing() -> None:
    """A day and a moment are compared by their instants: nothing is between them, and that is zero times."""
    between = {"from": "2026-03-08", "before": "2026-03-06T18:00+01:00"}
    assert flips({"did": "product_viewed", **between}, [did("2026-03-07T00:00")], "2026-04-01T00:00") == []
    assert flips({"did_not": "product_viewed", **between}, [did("2026-03-07T00:00")], "2026-04-01T00:00") != []


# -- anniversaries ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("birthday", "asked", "until", "moments"),
    [
        ("1980-03-05", "today", "2026-04-01T00:00", ["2026-03-05T00:00", "2026-03-06T00:00"]),
        ("1980-03-05", "this_week", "2026-04-01T00:00", ["2026-03-02T00:00", "2026-03-09T00:00"]),
        ("1996-02-29", "today", "2026-04-01T00:00", ["2026-02-28T00:00", "2026-03-01T00:00"]),
        ("1996-02-29", {"days_ago": 1}, "2026-04-01T00:00", ["2026-03-01T00:00", "2026-03-02T00:00"]),
        ("1980-12-31", {"last_days": 2}, "2026-02-20T00:00", []),
        ("1980-03-05", "this_year", "2029-04-01T00:00", ["2026-02-01T00:00"]),
    ],
)
def test_an_anniversary_comes_round(birthday: str, asked: Any, until: str, moments: list[str]) -> None:
    """Told on 1 February 2026."""
    record = did("2026-02-01T00:00", traits={"birthday": birthday})
    assert flips({"trait": "birthday", "anniversary": asked}, [record], until) == moments


def test_an_anniversary_in_the_last_365_days_is_missed_on_one_day_of_a_leap_year() -> None:
    """From 5 March 2027 to 5 March 2028 there are 366 days."""
    record = did("2026-04-01T00:00", traits={"birthday": "1980-03-05"})
    enter = {"trait": "birthday", "anniversary": {"last_days": 365}}
    assert flips(enter, [record], "2029-06-01T00:00") == ["2026-04-01T00:00", "2028-03-04T00:00", "2028-03-05T00:00"]
    found = agree(audience(enter | {"for": "710d"}), [record], ms("2029-06-01T00:00"))
    assert found == []


def test_an_anniversary_in_366_days_always_is() -> None:
    """No day of the year lies outside."""
    record = did("2026-04-01T00:00", traits={"birthday": "1980-03-05"})
    enter = {"trait": "birthday", "anniversary": {"last_days": 366}}
    assert flips(enter, [record], "2029-06-01T00:00") == ["2026-04-01T00:00"]


def test_an_anniversary_of_the_week_over_new_year() -> None:
    """Born on 1 January: the week begins in the year before."""
    record = did("2026-12-20T00:00", traits={"birthday": "1990-01-01"})
    enter = {"trait": "birthday", "anniversary": "this_week"}
    assert flips(enter, [record], "2027-02-01T00:00") == ["2026-12-28T00:00", "2027-01-04T00:00"]


def test_an_anniversary_in_a_leap_year() -> None:
    """On 29 February itself, where there is one."""
    record = did("2028-02-01T00:00", traits={"birthday": "1996-02-29"})
    enter = {"trait": "birthday", "anniversary": "today"}
    assert flips(enter, [record], "2028-04-01T00:00") == ["2028-02-29T00:00", "2028-03-01T00:00"]
