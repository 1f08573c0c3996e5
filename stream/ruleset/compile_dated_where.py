"""Conditions whose WHERE compares a date with time: what matches otherwise is kept in rows, and judged when read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import partial
from typing import Any, Final

from stream.core import dated_rows, fold
from stream.core.condition import Leaf
from stream.core.dated_rows import Judge
from stream.core.fold import Fold, Matches
from stream.core.matching import Test as RowTest
from stream.core.matching import as_list, looked_up, on_event, on_row
from stream.core.profile import NEVER
from stream.core.sequence_state import Booked
from stream.ruleset.compile_dates import DATE_OPS, date_runs
from stream.ruleset.compile_sources import Column, Kept, Source
from stream.ruleset.compile_states import Asks, States
from stream.ruleset.compile_tests import compare_test, where_tests
from stream.ruleset.schema_parts import ItemWhere, Where
from stream.ruleset.wording import compare_words, where_words

FOR_LIFE: Final = frozenset({"oldest", "spread"})
"""Kinds of which a row counts, however long ago it was."""


class RowStates(States):
    """The same states, asked so that rows are kept that time answers: `timed` are those columns, by key."""

    def __init__(self, states: States) -> None:
        """Ask `states` for rows; nothing was asked yet."""
        self.vocabulary, self.day_of = states.vocabulary, states.day_of
        self.kept, self.texts = states.kept, states.texts
        self.timed: dict[int, dict[str, Judge]] = {}

    def keyed(self, pattern: str, where: ItemWhere | None, path: str, depth: int, kind: str, span_ms: int) -> Source:
        """Return rows that keep the property by which they are told apart."""
        if has_dates(where):
            return self.rows(pattern, where, path, span_ms)
        return super().keyed(pattern, where, path, depth, kind, span_ms)

    def row_test(self, kept: Kept, where: ItemWhere | None, pattern: str) -> RowTest | None:
        """Return the test of WHERE on a row: what it always answers, and what time answers."""
        return both(super().row_test(kept, without_dates(where), pattern), self._timed(kept, where))

    def steps(self, asks: Asks, per: str | None, span_ms: int) -> list[Booked]:
        """Return the rows of all events that a sequence looks at: of each name those that may be a step at all."""
        names = {name: name for _, event, _ in asks for name in self.names_of(event)}
        unknown = {"": "any_event"} if any(self.is_unknown_too(event) for _, event, _ in asks) else {}
        return [self._steps_of(name, pattern, asks, per, span_ms) for name, pattern in (names | unknown).items()]

    def _steps_of(self, name: str, pattern: str, asks: Asks, per: str | None, span_ms: int) -> Booked:
        asked = [ask for ask in asks if (name in self.names_of(ask[1]) if name else self.is_unknown_too(ask[1]))]
        kept = self.order_ledger(name, span_ms) if self.is_reversible(name) else self._any_of(name, asked, span_ms)
        if per is not None:
            kept.columns.setdefault(per, fold.column(per))
        return Booked(kept.key, tuple((bit, self.row_test(kept, where, event)) for bit, event, where in asked))

    def _any_of(self, name: str, asked: Asks, span_ms: int) -> Kept:
        """Return the rows of one name that pass the tests of one of these steps, but for their dates."""
        parts = [(without_dates(where), self.units_of(event)) for _, event, where in asked]
        tests = [on_event(where_tests(where, units)) for where, units in parts]
        texts = {f"{event} {where_words(without_dates(where))}" for _, event, where in asked}
        words = " or ".join(sorted(texts)) if None not in tests else ""
        make = partial(self._book_any, tests)
        names = (name,) if name else ()
        return self.own(f"steps|{name}|{words}", names, make, is_unknown_too=not name, span_ms=span_ms)

    def _book_any(self, tests: Sequence[Matches | None], kept: Kept) -> Fold:
        """Return the fold that books what passes one of the tests."""
        given = [test for test in tests if test is not None]
        matches = None if len(given) < len(tests) else lambda properties: any(test(properties) for test in given)
        return fold.book(kept.key, matches, kept.columns, self.day_of, kept.span_ms, None)

    def _judge(self, kept: Kept, asked: ItemWhere, pattern: str) -> RowTest:
        rest = without_dates(asked)
        always = None if rest is None else super()._judge(kept, rest, pattern)
        return both(always, self._timed(kept, asked)) or (lambda row: True)

    def _source(self, pattern: str, where: ItemWhere | None, kind: str, path: str, depth: int, span_ms: int) -> Source:
        if not has_dates(where):
            return super()._source(pattern, where, kind, path, depth, span_ms)
        reach_ms = NEVER if kind in FOR_LIFE else span_ms
        return self._with_time(super()._source(pattern, without_dates(where), "ledger", "", 1, reach_ms), where)

    def _ordered(self, pattern: str, where: ItemWhere | None, span_ms: int, kind: str) -> Source:
        if not has_dates(where):
            return super()._ordered(pattern, where, span_ms, kind)
        return self._with_time(super()._ordered(pattern, without_dates(where), span_ms, "ledger"), where)

    def _with_time(self, source: Source, where: ItemWhere | None) -> Source:
        return Source([(kept, both(test, self._timed(kept, where))) for kept, test in source.parts])

    def _timed(self, kept: Kept, where: ItemWhere | None) -> RowTest | None:
        """Return the test of what time answers of WHERE; the ledger keeps from now on what that needs."""
        columns = []
        for path, compare in where.properties if where is not None else ():
            if compare.op in DATE_OPS:
                kept.columns.setdefault(path, fold.column(path))
                columns.append((f"{path} {compare_words(compare)}", dated_rows.of_property(path, date_runs(compare))))
        if isinstance(where, Where) and has_dates(where.any_item):
            assert where.any_item is not None
            columns.append(self._timed_items(kept, where.any_item))
        if columns:
            self.timed.setdefault(kept.key, {}).update(columns)
        return on_row([(column, _is_true) for column, _ in columns])

    @staticmethod
    def _timed_items(kept: Kept, item: ItemWhere) -> tuple[str, Judge]:
        """Return the column and the judge of `any_item`; kept are the dates of the items that pass all else."""
        words = f"any item ({where_words(item)})"
        dates = [(path, compare) for path, compare in item.properties if compare.op in DATE_OPS]
        tests = [(path, compare_test(compare, 1)) for path, compare in item.properties if compare.op not in DATE_OPS]
        kept.columns.setdefault(f"dates of {words}", _dates_of_items(tests, [path for path, _ in dates]))
        return words, dated_rows.of_any_item(f"dates of {words}", [date_runs(compare) for _, compare in dates])


def _is_true(value: object) -> bool:
    return value is True


def _dates_of_items(tests: Sequence[tuple[str, RowTest]], paths: Sequence[str]) -> Column:
    """Return the column of the dates (item by item, each once) of the items that pass the tests."""
    matches = on_event(tests)

    def column(properties: Mapping[str, Any]) -> list[list[Any]] | None:
        found: list[list[Any]] = []
        for item in as_list(properties.get("items")):
            if isinstance(item, Mapping) and (matches is None or matches(item)):
                dates = [looked_up(item, path) for path in paths]
                if dates not in found:
                    found.append(dates)
        return found or None

    return column


def both(one: RowTest | None, other: RowTest | None) -> RowTest | None:
    """Return the test that a row passes both; None asks nothing."""
    if one is None or other is None:
        return one or other
    first, second = one, other
    return lambda row: first(row) and second(row)


def has_dates(where: ItemWhere | None) -> bool:
    """Tell whether WHERE compares a date with time, of the event or of one of its items."""
    if where is None:
        return False
    is_deep = isinstance(where, Where) and has_dates(where.any_item)
    return is_deep or any(compare.op in DATE_OPS for _, compare in where.properties)


def without_dates(where: ItemWhere | None) -> ItemWhere | None:
    """Return what else WHERE asks, None for nothing; `any_item` with a date in it is left out as a whole."""
    if where is None or not has_dates(where):
        return where
    words = where.__pydantic_extra__ or {}
    rest = {path: words[path] for path, compare in where.properties if compare.op not in DATE_OPS}
    item = where.any_item if isinstance(where, Where) and not has_dates(where.any_item) else None
    if not rest and item is None:
        return None
    other = where.model_copy(update={"any_item": item} if isinstance(where, Where) else {})
    other.__pydantic_extra__ = rest
    return other


def reads_dates(condition: Any) -> bool:
    """Tell whether a WHERE anywhere in a condition compares a date with time."""
    steps = getattr(condition, "sequence", ())
    return any(has_dates(getattr(part, word, None)) for part in (condition, *steps) for word in ("where", "has"))


def leaf_over_rows(conditions: Any, condition: Any, make: Callable[[Any, Any], Leaf]) -> Leaf:
    """Return the leaf of a condition whose WHERE compares dates: it reads the rows as time answers them."""
    inner = copy(conditions)
    inner.states = RowStates(conditions.states)
    leaf = make(inner, condition)
    timed, tellings = inner.states.timed, conditions.tellings
    return replace(
        leaf,
        read=dated_rows.read_as_seen(leaf.read, timed, tellings.zone_of),
        value=dated_rows.value_as_seen(leaf.value, timed, tellings.zone_of),
        states=leaf.states | tellings.zone_states,
        sketch=None,
    )
