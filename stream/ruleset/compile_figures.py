"""Leaves of the conditions on a figure over what the customer did: sum, average, share, most frequent value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stream.core import counting, dated_rows, figures, running
from stream.core import ledger as books
from stream.core.condition import Judged, Leaf, Read, judged
from stream.core.figures import Of, Value
from stream.core.frame import Frame
from stream.core.keyed import name_of, newest_of_all, one_each
from stream.core.matching import value_in
from stream.core.profile import NEVER
from stream.core.sources import Instants, Numbers, Rows, Test, each, end_row, there
from stream.ruleset.compile_conditions import Conditions, Makers, told_count
from stream.ruleset.compile_dates import DATE_OPS, date_runs
from stream.ruleset.compile_events import leans
from stream.ruleset.compile_sources import KEYED, TOTAL, Source
from stream.ruleset.compile_tests import compare_with, count_test, counts, exact, least, plain
from stream.ruleset.schema_events import (
    Average,
    Distinct,
    FirstValue,
    Largest,
    LastValue,
    MostFrequent,
    Share,
    Smallest,
    Sum,
    ValueOfEvents,
)
from stream.ruleset.schema_parts import Compare, Count
from stream.ruleset.wording import bar_value, event_words, op_words, where_words

Number = Sum | Average | Smallest | Largest
Found = Read | Judged
"""A verdict, or what it is of one state."""
MORE = frozenset({"at_least", "above"})
"""What asks for so much or more."""
TOTALS = frozenset({"sum", "average"})
"""Figures for which it is enough to know how many numbers there are, and their sum."""
NO_COUNT = Count("at_least", 0)
"""Stands where the schema has made sure that there is a count."""


def of_numbers(conditions: Conditions, asked: Number) -> Leaf:
    """Return the leaf of `sum`, `average`, `smallest` or `largest`."""
    states = conditions.states
    field = asked.value_of(asked.word)
    frame = conditions.frame(asked.window)
    scale = states.units_of(field.event).scale(field.property)
    source = states.rows(field.event, asked.where, field.property, frame.longest_ms, _kind(asked.word, frame))
    count = asked.count or NO_COUNT
    found, value = _of_source(conditions, asked, source, frame, scale)
    if isinstance(found, Judged):
        found = found._replace(place=running.SUM_PLACE, least=least(count.op, count.value, scale))
    return Leaf(
        f"{asked.word} of {field.property} of {event_words(field.event, asked.where, asked.window)}",
        *told_count(count, scale),
        unit=states.vocabulary.currency if scale > 1 else "",
        **_read(found),
        value=value,
        states=source.keys | frame.states,
        is_inexact=source.mark,
    )


def _of_source(conditions: Conditions, asked: Number, source: Source, frame: Frame, scale: int) -> tuple[Found, Value]:
    """Return the verdict and the value of a figure of the numbers that a source gives."""
    count = asked.count or NO_COUNT
    test = count_test(count, scale)
    field = asked.value_of(asked.word)
    subject = f"{field.property} of {event_words(field.event, asked.where, None)}"
    if frame.is_ever and asked.word in TOTALS:
        totals = conditions.once(f"total of {subject}", source, source.totals(field.property))
        return _of_totals(asked.word, source, totals, test)
    numbers = conditions.once(f"numbers {frame.is_oldest} of {subject}", source, source.numbers(field.property, frame))
    rows = conditions.once(f"each of {subject}", source, each(numbers))
    if asked.word == "sum" and count.op in MORE and (bar := plain(count.value)) is not None:
        read = figures.total_reaches(numbers, test, frame, exact(bar, scale), is_above=count.op == "above")
        return read, figures.total_value(numbers, frame)
    return _of_numbers(asked.word, numbers, rows, test, frame)


def _kind(word: str, frame: Frame) -> str:
    """Return what has to be kept of the events for a figure."""
    if word in TOTALS:
        return TOTAL if frame.is_ever else "ledger"
    return word if frame.is_recent else "ledger"


def _of_totals(word: str, source: Source, totals: running.Totals, test: Test) -> tuple[Found, Value]:
    """Return the verdict and the value of a figure of all numbers there ever were."""
    if word == "sum" and source.only is not None and source.only[0].kind == TOTAL:
        return Judged(source.only[0].key, running.sum_judge(test)), running.total_value(totals)
    if word == "sum":
        return running.total(totals, test), running.total_value(totals)
    return running.average(totals, test), running.average_value(totals)


def _of_numbers(word: str, numbers: Numbers, rows: Rows, test: Test, frame: Frame) -> tuple[Read, Value]:
    """Return the verdict and the value of a figure of numbers."""
    if word == "sum":
        return figures.total(numbers, test, frame), figures.total_value(numbers, frame)
    if word == "average":
        return figures.average(numbers, test, frame), figures.average_value(numbers, frame)
    of: Of = min if word == "smallest" else max
    return figures.figure(rows, of, test, frame), figures.figure_value(rows, of, frame)


def distinct(conditions: Conditions, asked: Distinct) -> Leaf:
    """Return the leaf of `distinct`: of a value only its newest (or oldest) instant is asked where that is enough."""
    event, path = asked.distinct.event, asked.distinct.property
    frame = conditions.frame(asked.window)
    count = asked.count or NO_COUNT
    low, high = counts(count)
    if frame.is_recent or frame.is_oldest:
        kind, index = ("newest_each", -1) if frame.is_recent else ("oldest_each", 0)
        source = conditions.states.keyed(event, asked.where, path, 1, kind, frame.longest_ms)
        instants = one_each(source.groups(path), index)
        enough = _newest_enough(source, frame, low, high) or instants
        read, value = counting.did(enough, low, high, frame), counting.count(instants, frame)
    else:
        source = conditions.states.rows(event, asked.where, path, frame.longest_ms)
        rows = there(source.values(lambda row: name_of(value_in(row, path))))
        read = figures.figure(rows, figures.different, lambda number: low <= number <= high, frame, fewest=0)
        value = figures.figure_value(rows, figures.different, frame, fewest=0)
    return Leaf(
        f"different {path} of {event_words(event, asked.where, asked.window)}",
        *told_count(count),
        unit="",
        read=read,
        value=value,
        states=source.keys | frame.states,
        leans=leans(low, high, frame) if source.keeps_newest else 0,
        is_inexact=source.mark,
    )


def _newest_enough(source: Source, frame: Frame, low: int, high: int) -> Instants | None:
    """Return as many of the newest instants as a count of a window needs; None where more has to be read."""
    is_span = frame.is_recent and frame.calendar is None and frame.within is not None
    if not is_span or source.only is None or source.only[0].kind not in KEYED:
        return None
    return newest_of_all(source.only[0].key, max(low, high + 1 if high < NEVER else 0))


def share(conditions: Conditions, asked: Share) -> Leaf:
    """Return the leaf of `share`: how much of the events is so, from 0 to 1."""
    frame = conditions.frame(asked.window)
    source, rows = conditions.states.answers(asked.share, None, asked.where, frame.longest_ms, "ledger")
    words = where_words(asked.where)
    rows = conditions.once(f"share of {event_words(asked.share, None, None)} where {words}", source, rows)
    count, fewest = asked.count or NO_COUNT, asked.of_at_least or 1
    return Leaf(
        f"share of {event_words(asked.share, None, asked.window)} where {words}",
        *told_count(count),
        unit="",
        read=figures.share(rows, count_test(count, 1), frame, fewest),
        value=figures.figure_value(rows, figures.share_of, frame, fewest),
        states=source.keys | frame.states,
        is_inexact=source.mark,
    )


def _read(found: Found) -> dict[str, Any]:
    """Return what a leaf says of its verdict: how it is read, and what it is where that can be written out."""
    return {"read": judged(found), "sketch": found} if isinstance(found, Judged) else {"read": found}


def first_value(conditions: Conditions, asked: FirstValue) -> Leaf:
    """Return the leaf of `first_value`."""
    return _compared(conditions, asked, "first", lambda frame: frame.is_oldest, figures.first_of)


def last_value(conditions: Conditions, asked: LastValue) -> Leaf:
    """Return the leaf of `last_value`."""
    return _compared(conditions, asked, "last", lambda frame: frame.is_recent, figures.last_of)


def most_frequent(conditions: Conditions, asked: MostFrequent) -> Leaf:
    """Return the leaf of `most_frequent`."""
    return _compared(conditions, asked, "ledger", lambda frame: False, figures.most_frequent)


def _compared(
    conditions: Conditions, asked: ValueOfEvents, kind: str, is_enough: Callable[[Frame], bool], of: Of
) -> Leaf:
    """Return the leaf of a value that is taken from the events; rows of `kind` are kept where those are enough."""
    states = conditions.states
    field = asked.value_of(asked.word)
    frame = conditions.frame(asked.window)
    scale = states.units_of(field.event).scale(field.property)
    kind = kind if is_enough(frame) else "ledger"
    source = states.ordered_rows(field.event, asked.where, field.property, frame.longest_ms, kind)
    rows = (
        there(source.values(_named(field.property)))
        if of is figures.most_frequent
        else source.values(_in(field.property))
    )
    subject = f"{asked.word} of {field.property} of {event_words(field.event, asked.where, None)}"
    rows = conditions.once(subject, source, rows)
    found, states_of_zone = _of_value(conditions, asked, source, rows, of, frame)
    return Leaf(
        f"{asked.word.replace('_', ' ')} of {field.property} of {event_words(field.event, asked.where, asked.window)}",
        *told_compare(asked.compare, scale),
        unit=states.vocabulary.currency if scale > 1 else "",
        **_read(found),
        value=_shown_value(found, source, field.property, of) or figures.figure_value(rows, of, frame),
        states=source.keys | frame.states | states_of_zone,
        is_inexact=source.mark,
    )


def _shown_value(found: Found, source: Source, path: str, of: Of) -> Value | None:
    """Return the value where it is that of one row, and is judged as that; else None."""
    if not isinstance(found, Judged) or source.only is None:
        return None
    row_in = end_row(source.only[1], is_newest=of is figures.last_of)
    return figures.row_value(found.key, row_in, _in(path))


def _of_value(
    conditions: Conditions, asked: ValueOfEvents, source: Source, rows: Rows, of: Of, frame: Frame
) -> tuple[Found, frozenset[int]]:
    """Return the verdict of a value that compares, and the states it reads beside the rows: dates look at the zone."""
    tellings, field = conditions.tellings, asked.value_of(asked.word)
    if asked.compare.op in DATE_OPS:
        return dated_rows.figure(rows, of, date_runs(asked.compare), frame, tellings.zone_of), tellings.zone_states
    units = conditions.states.units_of(field.event)
    test = compare_with(asked.compare, units, field.property)
    if frame.is_ever and of is not figures.most_frequent and source.only is not None:
        kept, matches = source.only
        row_in = end_row(matches, is_newest=of is figures.last_of)
        judge = figures.of_row(row_in, _in(field.property), test)
        is_alone = kept.kind == "last" and matches is None and field.property == "amount"
        bar = least(asked.compare.op, asked.compare.value, units.scale(field.property)) if is_alone else None
        return Judged(kept.key, judge, figures.AMOUNT_PLACE, bar), frozenset()
    return figures.figure(rows, of, test, frame), frozenset()


def _in(path: str) -> Callable[[books.Row], Any]:
    return lambda row: value_in(row, path)


def _named(path: str) -> Callable[[books.Row], tuple[str, Any] | None]:
    def named(row: books.Row) -> tuple[str, Any] | None:
        value = value_in(row, path)
        name = name_of(value)
        return None if name is None else (name, value)

    return named


def told_compare(compare: Compare, scale: int) -> tuple[str, Any]:
    """Return (operator in words, bar as JSON) of a comparison; numbers times `scale` (100 for money in cents)."""
    return op_words(compare.op), _scaled(bar_value(compare.value), scale)


def _scaled(bar: Any, scale: int) -> Any:
    if isinstance(bar, list):
        return [_scaled(each_bar, scale) for each_bar in bar]
    is_number = isinstance(bar, int | float) and not isinstance(bar, bool)
    return bar * scale if is_number and scale > 1 else bar


MAKERS: Makers = {
    Sum: of_numbers,
    Average: of_numbers,
    Smallest: of_numbers,
    Largest: of_numbers,
    Distinct: distinct,
    Share: share,
    FirstValue: first_value,
    LastValue: last_value,
    MostFrequent: most_frequent,
}
