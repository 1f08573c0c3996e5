"""Conditions whose WHERE compares a date with time: all that matches otherwise is kept, and judged when it is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

from stream.core import fold
from stream.core.condition import Leaf
from stream.core.dated_rows import Tests, counting_rows, value_of_rows
from stream.core.profile import NEVER
from stream.ruleset.compile_dates import DATE_OPS, date_runs
from stream.ruleset.compile_sources import Source
from stream.ruleset.compile_states import States
from stream.ruleset.compile_tests import NotYet
from stream.ruleset.schema_forms import Compare
from stream.ruleset.schema_parts import ItemWhere, Where
from stream.ruleset.wording import compare_words


class RowStates(States):
    """The same states, asked so that every matching row is kept whole, with some of its properties."""

    def __init__(self, states: States, paths: Sequence[str]) -> None:
        """Ask `states` for rows that keep these properties; `keys` are those that were asked for."""
        self.vocabulary, self.kept, self.texts = states.vocabulary, states.kept, states.texts
        self.paths = paths
        self.keys: set[int] = set()

    def order_days(self) -> int | None:
        """Refuse personal gaps: they are read from all orders, not from those that count here."""
        raise NotYet("personal_gaps")

    def keyed(self, pattern: str, where: ItemWhere | None, path: str, depth: int, kind: str, span_ms: int) -> Source:
        """Return rows that keep the property by which they are told apart."""
        return self.rows(pattern, where, path, span_ms)

    def _source(self, pattern: str, where: ItemWhere | None, kind: str, path: str, depth: int, span_ms: int) -> Source:
        return self._noted(super()._source(pattern, where, "ledger", "", 1, NEVER))

    def _ordered(self, pattern: str, where: ItemWhere | None, span_ms: int, kind: str) -> Source:
        return self._noted(super()._ordered(pattern, where, NEVER, "ledger"))

    def _noted(self, source: Source) -> Source:
        for kept, _ in source.parts:
            self.keys.add(kept.key)
            for path in self.paths:
                kept.columns.setdefault(path, fold.column(path))
        return source


def dates_in(condition: Any) -> list[tuple[str, Compare]]:
    """Return the comparisons of WHERE that read dates, by property."""
    where = getattr(condition, "where", None)
    if not isinstance(where, Where) or condition.word == "share":
        return []
    return [(path, compare) for path, compare in where.properties if compare.op in DATE_OPS]


def without_dates(where: Where) -> Where | None:
    """Return what else WHERE asks, None for nothing."""
    dates = {path for path, compare in where.properties if compare.op in DATE_OPS}
    words = {path: test for path, test in (where.__pydantic_extra__ or {}).items() if path not in dates}
    rest = where.model_copy(update={})
    rest.__pydantic_extra__.clear()
    rest.__pydantic_extra__.update(words)
    return rest if words or where.any_item is not None else None


def leaf_over_rows(conditions: Any, condition: Any, make: Callable[[Any, Any], Leaf]) -> Leaf:
    """Return the leaf of a condition whose WHERE compares dates: made without them, over the rows that pass them."""
    dates = dates_in(condition)
    inner = copy(conditions)
    inner.states = RowStates(conditions.states, [path for path, _ in dates])
    leaf = make(inner, condition.model_copy(update={"where": without_dates(condition.where)}))
    tests: Tests = [(path, date_runs(compare)) for path, compare in dates]
    keys, tellings = frozenset(inner.states.keys), conditions.tellings
    words = " and ".join(f"{path} {compare_words(compare)}" for path, compare in dates)
    return replace(
        leaf,
        text=f"{leaf.text} where {words}",
        read=counting_rows(leaf.read, keys, tests, tellings.zone_of),
        value=value_of_rows(leaf.value, keys, tests, tellings.zone_of),
        states=leaf.states | keys | tellings.zone_states,
    )
