"""What windows over sorted instants need to keep: nothing that is dropped is ever asked for."""

from __future__ import annotations

from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from stream.core import window
from stream.core.fold import only_records
from stream.core.profile import NEVER

INSTANTS = st.lists(st.integers(0, 30), max_size=25)


def in_window(instants: list[int], end: int, span: int) -> int:
    return sum(end - span < at <= end for at in instants)


@given(INSTANTS, st.integers(1, 8), st.integers(1, 3))
def test_thinned_instants_tell_of_each_window_whether_it_holds_so_many(arrived: list[int], gap: int, most: int) -> None:
    kept: list[int] = []
    for number, at in enumerate(arrived):
        window.keep_apart(kept, at, gap, most)
        for span in range(gap, gap + 4):
            for end in range(40):
                few = min(in_window(kept, end, span), most)
                assert few == min(in_window(arrived[: number + 1], end, span), most)


@given(INSTANTS, st.integers(1, 8))
def test_thinned_instants_tell_of_each_pause_of_more_than_the_gap(arrived: list[int], gap: int) -> None:
    kept: list[int] = []
    for at in arrived:
        window.keep_apart(kept, at, gap, 1)
    every = sorted(arrived)

    def pauses(instants: list[int]) -> set[tuple[int, int]]:
        return {(one, two) for one, two in pairwise(instants) if two - one > gap}

    assert pauses(kept) == pauses(every)


@given(INSTANTS)
def test_a_thinned_list_is_short(arrived: list[int]) -> None:
    kept: list[int] = []
    for at in arrived:
        window.keep_apart(kept, at, 10, 1)
    assert len(kept) <= 2 * (30 // 10 + 1)


def test_forgetting_keeps_the_newest_of_what_lies_before() -> None:
    instants = [1, 2, 3, 7]
    window.forget_before(instants, 5)
    assert instants == [3, 7]
    window.forget_before(instants, 3)
    assert instants == [3, 7]


def test_spells_that_touch_are_one() -> None:
    assert window.any_of([(5, 9), (1, 5)], 1) == 9
    assert window.any_of([(6, 9), (1, 5)], 1) == 5
    assert window.any_of([(6, 9), (1, 5)], 5) == -6
    assert window.any_of([(1, 5), (2, 3)], 2) == 5


def test_a_spell_is_half_open_and_an_empty_one_is_none() -> None:
    assert window.any_of([(1, 5)], 5) == -NEVER
    assert window.any_of([(5, 5), (6, 4)], 1) == -NEVER
    assert window.any_of([], 1) == -NEVER


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5)), max_size=15), st.booleans())
def test_records_tell_the_extreme_of_every_window_that_ends_now(found: list[tuple[int, int]], is_largest: bool) -> None:
    rows = [[at, 0, value, 0, 1, {}] for at, value in sorted(found)]
    every = list(rows)
    only_records(lambda row: row[2], is_largest=is_largest)(rows)
    best = max if is_largest else min
    for begin in range(22):
        kept, all_of_them = [row[2] for row in rows if row[0] >= begin], [row[2] for row in every if row[0] >= begin]
        assert (best(kept) if kept else None) == (best(all_of_them) if all_of_them else None)


@given(INSTANTS, st.integers(0, 60), st.integers(1, 12), st.integers(1, 5), st.integers(0, 3), st.integers(0, 3))
def test_a_count_between_two_ages_tells_when_it_ends(
    arrived: list[int], now: int, older: int, longer: int, low: int, more: int
) -> None:
    instants, within = sorted(arrived), older + longer
    verdict = window.count_between(instants, now, within, older, low, low + more)
    counted = {at: sum(older <= at - each < within for each in instants) for at in range(now, 100)}
    holds = {at: low <= count <= low + more for at, count in counted.items()}
    assert (verdict > 0) is holds[now]
    end = next((at for at in holds if holds[at] is not holds[now]), NEVER)
    assert abs(verdict) == end if len(instants) < window.AHEAD // 2 else now < abs(verdict) <= end


@given(INSTANTS, st.integers(0, 60), st.integers(1, 12), st.sets(st.integers(0, 25)))
def test_what_is_left_of_a_window_tells_when_its_answer_ends(
    arrived: list[int], now: int, within: int, wanted: set[int]
) -> None:
    instants = [at for at in sorted(arrived) if at <= now]
    verdict = window.what_is_left(instants, now, within, lambda start, stop: stop - start in wanted)
    holds = {at: in_window(instants, at, within) in wanted for at in range(now, 100)}
    assert (verdict > 0) is holds[now]
    end = next((at for at in holds if holds[at] is not holds[now]), NEVER)
    assert abs(verdict) == end if len(instants) < window.AHEAD else now < abs(verdict) <= end


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), max_size=25),
    st.integers(0, 60),
    st.integers(1, 12),
    st.integers(-3, 40),
    st.booleans(),
)
def test_a_sum_of_what_is_left_tells_when_it_falls_below_its_bar(
    arrived: list[tuple[int, int]], now: int, within: int, bar: int, is_above: bool
) -> None:
    rows = sorted(row for row in arrived if row[0] <= now)
    sums = list(accumulate([got for _, got in rows], initial=0))

    def holds(at: int) -> bool:
        left = [got for each, got in rows if at - within < each]
        return bool(left) and (sum(left) > bar if is_above else sum(left) >= bar)

    verdict = window.sum_left([at for at, _ in rows], sums, now, within, bar, is_above=is_above)
    assert (verdict > 0) is holds(now)
    assert abs(verdict) == next((at for at in range(now, 100) if holds(at) is not holds(now)), NEVER)
