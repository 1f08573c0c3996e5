"""The oracle catches engine bugs: each one planted here on purpose is found by a history that it tells wrongly.

A test of the tests: an agreement that no bug can break would say nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.errors import NoSuchExample

from stream.core import dated_rows, deciding, dimension, engine, ledger, looking, plan, window, written
from stream.core.profile import NEVER
from stream.errors import StateError
from tests.core.agreement import engine_run
from tests.oracle import run
from tests.strategies import Story, stories
from tests.strategies_families import family_stories

pytestmark = pytest.mark.no_cover  # what a broken engine runs through covers nothing, and the search is long
TRIES = settings(
    max_examples=3_000,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def is_told_wrongly(story: Story) -> bool:
    """Tell whether the engine's transitions are not the oracle's, or the engine itself sees that it went wrong.

    Any other exception is a bug that was not planted well: it says nothing about the oracle, and fails the test.
    """
    try:
        found, _ = engine_run(story)
    except StateError:
        return True
    return found != run(story.rules, story.records, story.until).transitions


def closed_window(instants: Any, now: int, within: int, low: int, high: int) -> int:
    """Count an event at exactly the edge as still inside."""
    count = len(instants) - bisect_left(instants, now - within)
    if count < low:
        return -NEVER
    if count > high:
        return -(instants[len(instants) - high - 1] + within + 1)
    return instants[len(instants) - low] + within + 1 if low > 0 else NEVER


def forgets_lateness(instants: list[int], at: int, depth: int) -> None:
    """Append a late instant at the end."""
    instants.append(at)
    del instants[:-depth]


def shallow(number: int, kept: Any) -> Any:
    """Keep one instant too few."""
    return original_keeping(number, replace(kept, depth=max(kept.depth - 1, 1)))


def fires_what_is_due_at(profile: Any, before: int, the_plan: Any) -> Any:
    """Catch up to the record's own instant as well, before the record."""
    return original_catch_up(profile, before + 1, the_plan)


def never_catches_up(profile: Any, before: int, the_plan: Any) -> Any:
    """Leave what is due to the next decision."""
    return engine.Step(engine.ACCEPTED, [], [])


def refunds_nothing(book: Any, reference: int, amount: int) -> None:
    """Let a refund change nothing."""


def forgets_what_waits(book: Any, reference: int, amount: int) -> None:
    """Let a refund that comes before its order be lost."""
    if any(row[ledger.REFERENCE] == reference for row in book[ledger.ROWS]):
        original_reverse(book, reference, amount)


def counts_orders_twice(self: Any, profile: Any, event: Any) -> bool:
    """Let the same order count again under another event id."""
    return False


def never_over(segment: Any, since: int, now: int) -> bool:
    """Let a stay last for ever."""
    return False


def from_anywhere(segment: Any, clocks: Any, now: int) -> bool:
    """Ask without looking where the customer is, waits or cools down."""
    return True


def leaves_downwards(own: Any, since: int, now: int) -> bool:
    """Move to the first that asks or keeps, whatever `stay_at_least` says."""
    return False


def clock_restarts(clocks: Any, name: str, holds: bool, now: int) -> None:
    """Let `wait` begin again at every decision."""
    original_tick_clock(clocks, name, holds, now)
    if holds:
        clocks[name][dimension.TRUE_SINCE] = now


def gap_of_orders(book: Any) -> tuple[int, int, int]:
    """Count a day more than there is."""
    days, first, last = original_gap_days(book)
    return days + 1, first, last


def answers_for_ever(profile: Any, now: int, answers: Any, zone_of: Any) -> Any:
    """Take what the dates of events answer now for what they always answer."""
    return original_as_seen(profile, now, answers, zone_of)[0], NEVER


original_as_seen = dated_rows.as_seen


def turns_unnoticed(text: Any) -> Any:
    """Decide nothing but what must be decided anyway."""
    return iter(())


def ends_unnoticed(gauge: Any, profile: Any, verdict: int) -> bool:
    """Look at what holds, and not at how long."""
    return False


def forgets_signs(text: Any) -> Any:
    """Leave the signs as they were when the customer came."""
    return [line for line in original_remembering(text) if "signs" not in line]


def never_comes_again(*args: Any) -> Any:
    """Tell of every entry that it is the first."""
    found = original_transition(*args)
    return msgspec.structs.replace(found, entry_count=min(found.entry_count, 1))


def forgets_dwell(*args: Any) -> Any:
    """Tell of nobody how long they stayed."""
    return msgspec.structs.replace(original_transition(*args), dwell_ms=0)


def acts_on_history(profile: Any, *rest: Any) -> Any:
    """Let campaigns act on what was loaded."""
    until, profile.backfill_until = profile.backfill_until, -1
    found = original_transition(profile, *rest)
    profile.backfill_until = until
    return found


original_transition = engine._transition
original_keeping = written._keeping
original_catch_up = engine.catch_up
original_reverse = ledger.reverse
original_tick_clock = deciding._tick_clock
original_gap_days = ledger.gap_days
original_remembering = looking._Text.remembering

MUTANTS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "a window is closed at its far end": (window, "count_within", closed_window),
    "a late event is put at the end": (written, "keep_newest", forgets_lateness),
    "a list is one too short": (written, "_keeping", shallow),
    "what is due at a record's instant fires before it": (engine, "catch_up", fires_what_is_due_at),
    "nothing fires before a record": (engine, "catch_up", never_catches_up),
    "a refund changes nothing": (ledger, "reverse", refunds_nothing),
    "a refund before its order is lost": (ledger, "reverse", forgets_what_waits),
    "an order sent twice counts twice": (plan.Plan, "is_repeated_order", counts_orders_twice),
    "a stay has no end": (deciding, "_is_over", never_over),
    "a segment asks whatever its clocks say": (deciding, "_asks", from_anywhere),
    "stay_at_least holds nobody": (deciding, "_is_held", leaves_downwards),
    "a wait begins anew at each look": (deciding, "_tick_clock", clock_restarts),
    "an event turns a condition and nobody looks": (written._Text, "turning", turns_unnoticed),
    "a verdict ends earlier and nobody looks": (written, "ends_sooner", ends_unnoticed),
    "what held when it was last read is forgotten": (looking._Text, "remembering", forgets_signs),
    "a personal gap counts a day too many": (ledger, "gap_days", gap_of_orders),
    "the date of an event never comes nearer": (dated_rows, "as_seen", answers_for_ever),
    "nobody enters more than once": (engine, "_transition", never_comes_again),
    "nobody stayed for any time": (engine, "_transition", forgets_dwell),
    "campaigns act on loaded history": (engine, "_transition", acts_on_history),
}


SHORT_WAYS = {
    "a late event is put at the end": "habits",
    "a refund before its order is lost": "per_values",
    "a personal gap counts a day too many": "habits",
    "the date of an event never comes nearer": "dated_counts",
}
"""Where a bug is rare among whole rules, the family of conditions whose stories show it soon."""


@pytest.mark.parametrize("name", MUTANTS)
def test_the_oracle_catches_a_planted_bug(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, attribute, mutant = MUTANTS[name]
    monkeypatch.setattr(where, attribute, mutant)
    if where is deciding:
        monkeypatch.setattr(plan, "written_look", looking.by_closures)
    try:
        find(family_stories(SHORT_WAYS[name]) if name in SHORT_WAYS else stories(), is_told_wrongly, settings=TRIES)
    except NoSuchExample:
        pytest.fail(f"no history among {TRIES.max_examples} shows it: {name}")


def test_without_a_planted_bug_nothing_is_caught() -> None:
    with pytest.raises(NoSuchExample):
        find(stories(), is_told_wrongly, settings=settings(TRIES, max_examples=60))
