"""Local days, zones and dates (meanings 3 and 4), worked out by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.oracle import run, value_of
from tests.oracle.days import anniversaries, day_of, day_start, days_of
from tests.oracle.spans import instant_ms
from tests.oracle.story import DAY_S, at_ms, audience, did, flips, order, told

HOUR_MS = 3_600_000
TODAY = dt.date(2026, 1, 7)  # a Wednesday


class TestDays:
    @pytest.mark.parametrize(
        ("zone", "day", "starts", "hours"),
        [
            ("Europe/Lisbon", "2026-03-29", "2026-03-29T00:00+00:00", 23),
            ("Europe/Lisbon", "2026-10-25", "2026-10-25T00:00+01:00", 25),
            ("Africa/Cairo", "2026-04-24", "2026-04-24T01:00+03:00", 23),  # its midnight does not exist
            ("America/Havana", "2026-11-01", "2026-11-01T00:00-04:00", 25),  # its midnight comes twice
            ("Pacific/Kiritimati", "2026-01-05", "2026-01-04T10:00+00:00", 24),
            ("Etc/GMT+12", "2026-01-05", "2026-01-05T12:00+00:00", 24),
        ],
    )
    def test_a_day_begins_at_its_first_instant(self, zone: str, day: str, starts: str, hours: int) -> None:
        place, date = ZoneInfo(zone), dt.date.fromisoformat(day)
        start = day_start(date, place)
        assert start == instant_ms(starts)
        assert day_start(date + dt.timedelta(days=1), place) - start == hours * HOUR_MS
        assert [day_of(start - 1, place), day_of(start, place)] == [date - dt.timedelta(days=1), date]

    @pytest.mark.parametrize(
        ("period", "first", "last"),
        [
            ("today", "2026-01-07", "2026-01-07"),
            ("yesterday", "2026-01-06", "2026-01-06"),
            ("tomorrow", "2026-01-08", "2026-01-08"),
            ("this_week", "2026-01-05", "2026-01-11"),
            ("last_week", "2025-12-29", "2026-01-04"),
            ("next_month", "2026-02-01", "2026-02-28"),
            ("last_month", "2025-12-01", "2025-12-31"),
            ("this_year", "2026-01-01", "2026-12-31"),
            ({"last_days": 7}, "2026-01-01", "2026-01-07"),
            ({"days_ago": 2}, "2026-01-05", "2026-01-05"),
            ({"days_ahead": 2}, "2026-01-09", "2026-01-09"),
        ],
    )
    def test_periods(self, period: Any, first: str, last: str) -> None:
        assert days_of(period, TODAY) == (dt.date.fromisoformat(first), dt.date.fromisoformat(last))

    def test_a_leap_day_has_its_anniversary_on_the_28th(self) -> None:
        found = anniversaries(dt.date(1996, 2, 29), [2027, 2028])
        assert found == [dt.date(2027, 2, 28), dt.date(2028, 2, 29)]


class TestCalendarWords:
    def test_during_changes_at_local_midnight(self) -> None:
        assert flips({"did": "product_viewed", "during": "today"}, [did(5)], until=3 * DAY_S) == [5, DAY_S]
        two = {"did": "product_viewed", "during": {"last_days": 2}}
        assert flips(two, [did(5)], until=9 * DAY_S) == [5, 2 * DAY_S]
        assert flips({"did": "product_viewed", "during": "yesterday"}, [did(5)], until=9 * DAY_S) == [DAY_S, 2 * DAY_S]

    def test_a_customer_who_changes_zone_is_decided_again_at_once(self) -> None:
        # 2026-01-05T20:00Z is the 6th in Tokyo, where the view of 10:00Z was still the 5th
        today = {"did": "product_viewed", "during": "today"}
        records = [did(10 * 3600), told(20 * 3600, traits={"time_zone": "Asia/Tokyo"})]
        assert flips(today, records, until=3 * DAY_S) == [10 * 3600, 20 * 3600]

    def test_today_is_a_weekday(self) -> None:
        weekend = {"today": {"weekday": ["saturday", "sunday"]}}
        assert flips(weekend, [did(0)], until=9 * DAY_S) == [5 * DAY_S, 7 * DAY_S]

    def test_today_between_dates(self) -> None:
        days = {"today": {"from": "2026-01-06", "to": "2026-01-07"}}
        assert flips(days, [did(0)], until=9 * DAY_S) == [DAY_S, 3 * DAY_S]

    def test_explicit_dates_have_no_timer_at_the_end(self) -> None:
        spring = {"did": "order_placed", "from": "2026-01-05", "to": "2026-01-05"}
        assert flips(spring, [order(DAY_S - 0.001)], until=9 * DAY_S) == [DAY_S - 0.001]
        assert flips(spring, [order(DAY_S)], until=9 * DAY_S) == []

    def test_before_excludes(self) -> None:
        early = {"did": "order_placed", "before": "2026-01-05T01:00+01:00"}
        assert flips(early, [order(0)]) == []
        assert flips({**early, "before": "2026-01-05T01:01+01:00"}, [order(0)]) == [0]

    def test_a_habit_of_days_follows_the_clock_change(self) -> None:
        rules = audience({"did": "product_viewed", "during": "today"}, {"zone": "Europe/Lisbon"})
        start = instant_ms("2026-03-29T00:00+00:00")
        first = did(0)
        first.content["occurred_at"] = start
        record = type(first)(start, "event", first.content)
        moves = run(rules, [record], start + 40 * HOUR_MS).transitions
        assert [one["at"] - start for one in moves] == [0, 23 * HOUR_MS]


class TestDatesOfTraits:
    @pytest.mark.parametrize(
        ("compare", "expected"),
        [
            ({"within": "2d"}, [3, 5]),
            ({"within_next": "2d"}, [1, 3]),
            ({"older_than": "2d"}, [5]),
            ({"falls": "this_week"}, [0, 7]),
            ({"falls": "tomorrow"}, [2, 3]),
            ({"falls": {"days_ago": 3}}, [6, 7]),
            ({"on_day": "2026-01-08"}, [0]),
            ({"from": "2026-01-08"}, [0]),
            ({"to": "2026-01-07"}, []),
            ({"before": "2026-01-09"}, [0]),
        ],
    )
    def test_a_date_enters_and_leaves_by_time(self, compare: dict[str, Any], expected: list[int]) -> None:
        found = flips(
            {"trait": "renews_on", **compare}, [told(0, traits={"renews_on": "2026-01-08"})], until=20 * DAY_S
        )
        assert found == [day * DAY_S for day in expected]

    def test_a_birthday_week(self) -> None:
        week = {"trait": "birthday", "anniversary": "this_week"}
        found = flips(week, [told(0, traits={"birthday": "1990-01-14"})], until=30 * DAY_S)
        assert found == [7 * DAY_S, 14 * DAY_S]

    def test_a_birthday_in_the_week_over_new_year(self) -> None:
        week = {"trait": "birthday", "anniversary": "this_week"}
        records = [told(0, traits={"birthday": "1990-01-01"})]
        rules = audience(week)
        assert value_of(rules, week, records, instant_ms("2026-12-28T00:00+00:00"))
        assert not value_of(rules, week, records, instant_ms("2026-12-27T23:59+00:00"))

    def test_what_is_no_date_satisfies_nothing(self) -> None:
        records = [told(0, traits={"renews_on": "soon"})]
        assert not value_of(audience({"everyone": True}), {"trait": "renews_on", "older_than": "1s"}, records, at_ms(9))
