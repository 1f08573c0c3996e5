"""Which states the rules need: equal asks share one, and its depth is the most that anyone asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from stream.core import fold
from stream.core import ledger as books
from stream.core.counting import Days
from stream.core.fold import Fold
from stream.core.matching import Test, is_number, on_event, on_row, value_in
from stream.core.plan import Route, identity, state_key
from stream.core.sources import Instants, Rows, booked, booked_values, merged, newest_of, newest_per_day
from stream.core.vocabulary import Vocabulary
from stream.ruleset.compile_tests import where_tests
from stream.ruleset.schema_parts import ItemWhere, Where
from stream.ruleset.wording import where_words

Tests = Sequence[tuple[str, Test]]


@dataclass(slots=True)
class Kept:
    """One state: what is kept of which events, and how much of it."""

    key: int
    kind: str
    """`newest`, `oldest` or `ledger`."""
    pattern: str
    names: tuple[str, ...]
    tests: Tests = ()
    depth: int = 1
    span_ms: int = 0
    columns: dict[str, Callable[[Mapping[str, object]], object]] = field(default_factory=dict)
    is_order: bool = False


@dataclass(slots=True)
class Source:
    """Where a condition finds its instants or rows: the parts, each with the test that its rows must pass."""

    parts: list[tuple[Kept, Test | None]]

    @property
    def keys(self) -> frozenset[int]:
        """Return the keys of the states."""
        return frozenset(kept.key for kept, _ in self.parts)

    def instants(self) -> Instants:
        """Return the reader of all matching instants, sorted."""
        return merged(
            [booked(kept.key, test) if kept.kind == "ledger" else newest_of(kept.key) for kept, test in self.parts]
        )

    def days(self) -> Days:
        """Return the reader of (instant, local day) of all matching rows."""
        return newest_per_day([(kept.key, test) for kept, test in self.parts])

    def numbers(self, path: str) -> Rows:
        """Return the reader of (instant, number) of all matching rows whose property is a number."""
        return booked_values([(kept.key, test, _number_in(path)) for kept, test in self.parts])


class States:
    """All states that the rules ask for, by key."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Start with a ledger for every reversible event: orders are always kept."""
        self.vocabulary = vocabulary
        self.kept: dict[int, Kept] = {}
        self.texts: dict[int, str] = {}
        for name, kind in vocabulary.events.items():
            if kind.is_reversible:
                self._keep(f"ledger|{name}|", "ledger", name, (name,), ()).is_order = True

    def names_of(self, pattern: str) -> tuple[str, ...]:
        """Return the event names of the vocabulary that a name, `prefix*` or `any_event` stands for."""
        if pattern == "any_event":
            return tuple(sorted(self.vocabulary.events))
        if pattern.endswith("*"):
            return tuple(sorted(name for name in self.vocabulary.events if name.startswith(pattern[:-1])))
        return (pattern,)

    def scale_of(self, names: Sequence[str]) -> Callable[[str], int]:
        """Return how to scale the bars of a property of these events: to minor units where it is money."""
        events = self.vocabulary.events

        def scale(name: str) -> int:
            is_money = any(name in events[each].money for each in names if each in events)
            return int(10**self.vocabulary.exponent) if is_money else 1

        return scale

    def instants(self, pattern: str, where: ItemWhere | None, depth: int, kind: str, span_ms: int) -> Source:
        """Return the source of instants of an event pattern: orders from their ledgers, the rest as `kind`."""
        names = self.names_of(pattern)
        tests = where_tests(where, self.scale_of(names))
        parts = [self._order(name, where, tests, span_ms) for name in names if self._is_reversible(name)]
        rest = tuple(name for name in names if not self._is_reversible(name))
        if rest or (pattern == "any_event" and not self.vocabulary.known_events_only):
            kept = self._keep(f"{kind}|{pattern}|{where_words(where)}", kind, pattern, rest, tests)
            kept.depth, kept.span_ms = max(kept.depth, depth), max(kept.span_ms, span_ms)
            parts.append((kept, None))
        return Source(parts)

    def rows(self, pattern: str, where: ItemWhere | None, columns: Sequence[str], span_ms: int) -> Source:
        """Return the source of rows that keep these properties."""
        source = self.instants(pattern, where, 1, "ledger", span_ms)
        for kept, _ in source.parts:
            for path in columns:
                if path != "amount":
                    kept.columns.setdefault(path, fold.column(path))
        return source

    def order_days(self) -> int | None:
        """Return the key of the ledger of orders, None where the vocabulary has no `order_placed`."""
        kind = self.vocabulary.events.get("order_placed")
        return state_key("ledger|order_placed|") if kind and kind.is_reversible else None

    def _is_reversible(self, name: str) -> bool:
        kind = self.vocabulary.events.get(name)
        return kind is not None and kind.is_reversible

    def _order(self, name: str, where: ItemWhere | None, tests: Tests, span_ms: int) -> tuple[Kept, Test | None]:
        """Return the ledger of a reversible event: it keeps what the tests ask, and they are asked when it is read."""
        kept = self._keep(f"ledger|{name}|", "ledger", name, (name,), ())
        kept.span_ms = max(kept.span_ms, span_ms)
        asked = []
        for path, test in tests:
            column = path
            if path == "items" and isinstance(where, Where) and where.any_item is not None:
                column = f"any item ({where_words(where.any_item)})"
                kept.columns.setdefault(column, _item_column(test))
                test = _is_true  # noqa: PLW2901 - the column already holds the answer
            elif path != "amount":
                kept.columns.setdefault(path, fold.column(path))
            asked.append((column, test))
        return kept, on_row(asked)

    def _keep(self, text: str, kind: str, pattern: str, names: tuple[str, ...], tests: Tests) -> Kept:
        key = state_key(text)
        if self.texts.setdefault(key, text) != text:
            raise ValueError(f"two states share one key: {text!r} and {self.texts[key]!r}; rename a property")
        if key not in self.kept:
            self.kept[key] = Kept(key, kind, pattern, names, tests)
        return self.kept[key]

    # -- routes ---------------------------------------------------------------------------

    def routes(self, readers: Mapping[int, int]) -> tuple[dict[str, Route], Route]:
        """Return the folds by event name, and those for names that the vocabulary does not know."""
        by_name: dict[str, list[tuple[Fold, int]]] = {name: [] for name in self.vocabulary.events}
        other: list[tuple[Fold, int]] = []
        for kept in self.kept.values():
            made, bits = self._fold(kept), readers.get(kept.key, 0)
            for name in kept.names:
                by_name[name].append((made, bits))
            if kept.pattern == "any_event":
                other.append((made, bits))
        for name, kind in self.vocabulary.events.items():
            if kind.reverses:
                key = state_key(f"ledger|{kind.reverses}|")
                by_name[name].append((fold.reversal(key, identity), readers.get(key, 0)))
        return {name: Route(tuple(folds)) for name, folds in by_name.items()}, Route(tuple(other))

    def _fold(self, kept: Kept) -> Fold:
        matches = on_event(kept.tests)
        if kept.kind == "newest":
            return fold.newest(kept.key, kept.depth, matches)
        if kept.kind == "oldest":
            return fold.oldest(kept.key, kept.depth, matches)
        return fold.book(
            kept.key, matches, kept.columns, self.day_of, kept.span_ms, identity if kept.is_order else None
        )

    def day_of(self, instant_ms: int) -> int:
        """Return the local day (ordinal) of an instant in the vocabulary's zone."""
        return datetime.fromtimestamp(instant_ms // 1000, self.vocabulary.zone).toordinal()


def _number_in(path: str) -> Callable[[books.Row], Any]:
    def read(row: books.Row) -> Any:
        value = value_in(row, path)
        return value if is_number(value) else None

    return read


def _is_true(value: object) -> bool:
    return value is True


def _item_column(test: Test) -> Callable[[Mapping[str, object]], object]:
    return lambda properties: True if test(properties.get("items")) else None
