"""Which states the rules need: equal asks share one, and its depth is the most that anyone asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stream.core import fold
from stream.core.calendar import days_in
from stream.core.fold import Fold
from stream.core.gauge import NOBODY, Reach, Readers
from stream.core.keyed import apart
from stream.core.ledger import Row
from stream.core.matching import Test, is_number, on_event, on_row, value_in
from stream.core.plan import Route, identity, state_key
from stream.core.profile import NEVER
from stream.core.running import Running
from stream.core.sources import Rows
from stream.core.vocabulary import EventKind, Vocabulary
from stream.core.window import keep_newest, keep_oldest
from stream.ruleset.compile_sources import ASKS_FIRST, KEYED, TOTAL, Column, Kept, Source, Tests
from stream.ruleset.compile_tests import where_tests
from stream.ruleset.schema_parts import ItemWhere, Where
from stream.ruleset.wording import where_words

ORDER = "order_placed"
"""The event whose days make a personal gap."""
Asks = Sequence[tuple[int, str, Where | None]]
"""(bit, event, where) of each step of a sequence."""


@dataclass(frozen=True, slots=True)
class EventUnits:
    """What the properties of some events are measured in: money by any of them is money."""

    kinds: Sequence[EventKind]
    exponent: int

    def scale(self, path: str) -> int:
        """Return how many minor units one of it is: 100 for money in cents, 1 for all else."""
        return int(10**self.exponent) if any(path in kind.money for kind in self.kinds) else 1

    def is_number(self, path: str) -> bool:
        """Tell whether it is declared a number or money."""
        return any(path in kind.money or path in kind.numbers for kind in self.kinds)


class States:
    """All states that the rules ask for, by key."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Start with a ledger for every reversible event: orders are always kept."""
        self.vocabulary = vocabulary
        self.day_of = days_in(vocabulary.zone)
        self.kept: dict[int, Kept] = {}
        self.texts: dict[int, str] = {}
        for name, kind in vocabulary.events.items():
            if kind.is_reversible:
                self._keep(f"ledger|{name}|", "ledger", name, (name,), ()).is_order = True

    # -- names ----------------------------------------------------------------------------

    def names_of(self, pattern: str) -> tuple[str, ...]:
        """Return the event names of the vocabulary that a name, `prefix*` or `any_event` stands for."""
        if pattern == "any_event":
            return tuple(sorted(self.vocabulary.events))
        if pattern.endswith("*"):
            return tuple(sorted(name for name in self.vocabulary.events if name.startswith(pattern[:-1])))
        return (pattern,)

    def is_unknown_too(self, pattern: str) -> bool:
        """Tell whether a pattern stands for names that the vocabulary does not know too."""
        return pattern == "any_event" and not self.vocabulary.known_events_only

    def is_reversible(self, name: str) -> bool:
        """Tell whether another event takes events of this name back."""
        kind = self.vocabulary.events.get(name)
        return kind is not None and kind.is_reversible

    def units_of(self, pattern: str) -> EventUnits:
        """Return what the properties of the events that a pattern stands for are measured in."""
        known = self.vocabulary.events
        return EventUnits([known[name] for name in self.names_of(pattern) if name in known], self.vocabulary.exponent)

    # -- what conditions ask for ----------------------------------------------------------

    def instants(self, pattern: str, where: ItemWhere | None, depth: int, kind: str, span_ms: int) -> Source:
        """Return the source of instants of an event pattern: orders from their ledgers, the rest as `kind`."""
        return self._source(pattern, where, kind, "", depth, span_ms)

    def spread(
        self, pattern: str, where: ItemWhere | None, gap_ms: int, most: int, span_ms: int, *, asks_before: bool = False
    ) -> Source:
        """Return the source of instants that tell of each window of `gap_ms` or longer whether it holds `most`.

        `asks_before` of what the newest before the span matters to.
        """
        source = self._source(pattern, where, "spread", "", most, span_ms)
        for kept, _ in source.parts:
            kept.asked_for(0, is_for_life=asks_before)
            kept.gap_ms = min(kept.gap_ms or gap_ms, gap_ms)
        return source

    def keyed(self, pattern: str, where: ItemWhere | None, path: str, depth: int, kind: str, span_ms: int) -> Source:
        """Return the source of instants apart by a property: `newest_each`, `oldest_each` or all (`ledger`)."""
        source = self._source(pattern, where, kind, path if kind in KEYED else "", depth, span_ms)
        return self._with_column(source, path)

    def rows(self, pattern: str, where: ItemWhere | None, path: str, span_ms: int, kind: str = "ledger") -> Source:
        """Return the source of rows that keep a property; `kind` says which rows are enough."""
        of = path if kind in {TOTAL, "largest", "smallest"} else ""
        return self._with_column(self._source(pattern, where, kind, of, 1, span_ms), path)

    def ordered_rows(self, pattern: str, where: ItemWhere | None, path: str, span_ms: int, kind: str) -> Source:
        """Return rows like `rows` that also tell which of two at one instant came later in the log."""
        return self._with_column(self._ordered(pattern, where, span_ms, kind), path)

    def days(self, pattern: str, where: ItemWhere | None, span_ms: int) -> Source:
        """Return the source of rows with their local days."""
        return self._source(pattern, where, "ledger", "", 1, span_ms)

    def answers(
        self, pattern: str, where: ItemWhere | None, asked: ItemWhere, span_ms: int, kind: str
    ) -> tuple[Source, Rows]:
        """Return the source, and (instant, whether `asked` holds) of its rows in the order of the log.

        What can be answered at once is kept as the answer; an order may still change.
        """
        source = self._ordered(pattern, where, span_ms, kind)
        return source, source.answers(lambda kept: self._judge(kept, asked, pattern))

    def _judge(self, kept: Kept, asked: ItemWhere, pattern: str) -> Test:
        """Return the test of a row that tells whether `asked` holds of it."""
        if kept.is_order or kept.is_mixed:
            return self.row_test(kept, asked, pattern) or _is_there
        column = f"is ({where_words(asked)})"
        kept.columns.setdefault(column, _answer_column(where_tests(asked, self.units_of(pattern))))
        return lambda row: value_in(row, column) is True

    def own(
        self, text: str, names: tuple[str, ...], make: Callable[[Kept], Fold], *, is_unknown_too: bool, span_ms: int
    ) -> Kept:
        """Return the state of a family that folds in a way of its own; `make` is called once all rules have asked."""
        kept = self._keep(text, "own", "any_event" if is_unknown_too else "", names, ())
        kept.own = make
        return kept.asked_for(span_ms)

    def order_days(self) -> int:
        """Return the key of the ledger of orders, kept for life."""
        return self.order_ledger(ORDER, 0 if self.is_reversible(ORDER) else NEVER).key

    def order_ledger(self, name: str, span_ms: int, path: str | None = None) -> Kept:
        """Return the ledger of a reversible event, with a property if one is named."""
        kept = self._keep(f"ledger|{name}|", "ledger", name, (name,), ()).asked_for(span_ms)
        if path is not None and path != "amount":
            kept.columns.setdefault(path, fold.column(path))
        return kept

    def row_test(self, kept: Kept, where: ItemWhere | None, pattern: str) -> Test | None:
        """Return the test of WHERE as a ledger answers it when it is read; it keeps from now on what that asks."""
        asked, tests = [], where_tests(where, self.units_of(pattern))
        for path, test in tests:
            column, check = path, test
            if path == "items" and isinstance(where, Where) and where.any_item is not None:
                column, check = f"any item ({where_words(where.any_item)})", _is_true
                kept.columns.setdefault(column, _item_column(test))
            elif path != "amount":
                kept.columns.setdefault(path, fold.column(path))
            asked.append((column, check))
        return on_row(asked)

    def _source(self, pattern: str, where: ItemWhere | None, kind: str, path: str, depth: int, span_ms: int) -> Source:
        names = self.names_of(pattern)
        tests = where_tests(where, self.units_of(pattern))
        parts: list[tuple[Kept, Test | None]] = []
        for name in filter(self.is_reversible, names):
            ledger = self.order_ledger(name, span_ms)
            parts.append((ledger, self.row_test(ledger, where, pattern)))
        rest = tuple(name for name in names if not self.is_reversible(name))
        if rest or self.is_unknown_too(pattern):
            text = f"{kind} of {path}" if path else kind
            kept = self._keep(f"{text}|{pattern}|{where_words(where)}", kind, pattern, rest, tests)
            kept.depth, kept.path = max(kept.depth, depth), path
            parts.append((kept, None))
        for kept, _ in parts:
            kept.asked_for(span_ms, is_for_life=kind in ASKS_FIRST)
        return Source(parts)

    def _ordered(self, pattern: str, where: ItemWhere | None, span_ms: int, kind: str) -> Source:
        """Return one part only: where a pattern names orders and other events, a ledger of both."""
        if len(names := self.names_of(pattern)) == 1 or not any(map(self.is_reversible, names)):
            return self._source(pattern, where, kind, "", 1, span_ms)
        kept = self._keep(f"mixed|{pattern}|", "ledger", pattern, names, ())
        kept.is_mixed = True
        kept.asked_for(span_ms, is_for_life=kind in ASKS_FIRST)
        return Source([(kept, self.row_test(kept, where, pattern))])

    @staticmethod
    def _with_column(source: Source, path: str) -> Source:
        for kept, _ in source.parts:
            if path != "amount" and not kept.is_plain:
                kept.columns.setdefault(path, fold.column(path))
        return source

    def _keep(self, text: str, kind: str, pattern: str, names: tuple[str, ...], tests: Tests) -> Kept:
        key = state_key(text)
        if self.texts.setdefault(key, text) != text:
            raise ValueError(f"two states share one key: {text!r} and {self.texts[key]!r}; rename a property")
        if key not in self.kept:
            self.kept[key] = Kept(key, kind, pattern, names, tests)
        return self.kept[key]

    # -- routes ---------------------------------------------------------------------------

    def routes(self, readers: Mapping[int, Readers]) -> tuple[dict[str, Route], Route]:
        """Return the folds by event name, and those for names that the vocabulary does not know."""
        by_name: dict[str, list[tuple[Fold, Reach]]] = {name: [] for name in self.vocabulary.events}
        other: list[tuple[Fold, Reach]] = []
        for kept in self.kept.values():
            asked = readers.get(kept.key, NOBODY)
            made = None if kept.is_mixed else self._fold(kept)
            for name in kept.names:
                folded = made or self._book(kept, _told_apart(name, self.is_reversible))
                by_name[name].append((folded, asked.reach(name)))
            if kept.pattern == "any_event" and self.is_unknown_too(kept.pattern):
                other.append((made or self._book(kept, None), asked.reach("")))
        for name, kind in self.vocabulary.events.items():
            if kind.reverses:
                by_name[name] += [
                    (made, readers.get(key, NOBODY).reach_back()) for key, made in self._reversals(kind.reverses)
                ]
        return {name: Route(tuple(folds)) for name, folds in by_name.items()}, Route(tuple(other))

    def _reversals(self, name: str) -> Iterator[tuple[int, Fold]]:
        """Yield the key of each ledger that an event stands in, and the fold that takes one of it back."""
        key = state_key(f"ledger|{name}|")
        yield key, fold.reversal(key, identity)
        for kept in self.kept.values():
            if kept.is_mixed and name in kept.names:
                yield kept.key, fold.reversal(kept.key, _told_apart(name, self.is_reversible))

    def _fold(self, kept: Kept) -> Fold:
        if kept.own is not None:
            return kept.own(kept)
        matches = on_event(kept.tests)
        if kept.kind in {"newest", "oldest"}:
            instants: Callable[..., Fold] = fold.Newest if kept.kind == "newest" else fold.oldest
            return instants(kept.key, kept.depth, matches)
        if kept.kind == "spread":
            return fold.spread(kept.key, kept.gap_ms, kept.depth, kept.span_ms, matches)
        if kept.kind == TOTAL:
            return Running(kept.key, kept.path, matches)
        if kept.kind in KEYED:
            keep = keep_newest if kept.kind == "newest_each" else keep_oldest
            return apart(kept.key, kept.path, kept.depth, matches, keep, kept.span_ms)
        return self._book(kept, identity if kept.is_order else None)

    def _book(self, kept: Kept, reference: fold.Identity | None) -> Fold:
        matches, thin = on_event(kept.tests), thin_of(kept)
        if kept.kind == "last":
            return fold.Latest(kept.key, matches, kept.columns)
        return fold.book(kept.key, matches, kept.columns, self.day_of, kept.span_ms, reference, thin)


def _told_apart(name: str, is_reversible: Callable[[str], bool]) -> fold.Identity:
    """Return the identity of order ids in a ledger of several names; 0 for what is never taken back."""
    return lambda order_id: identity(f"{name}|{order_id}") if is_reversible(name) else 0


def thin_of(kept: Kept) -> fold.Thin | None:
    """Return what drops the rows that nobody asks for; None where each may be asked for."""
    if kept.kind in {"largest", "smallest"}:
        return fold.only_records(_number_in(kept.path), is_largest=kept.kind == "largest")
    return fold.only_first if kept.kind == "first" else None


def _number_in(path: str) -> Callable[[Row], Any]:
    def read(row: Row) -> Any:
        value = value_in(row, path)
        return value if is_number(value) else None

    return read


def _is_true(value: object) -> bool:
    return value is True


def _is_there(row: object) -> bool:
    return True


def _answer_column(tests: Tests) -> Column:
    matches = on_event(tests)
    return lambda properties: True if matches is None or matches(properties) else None


def _item_column(test: Test) -> Column:
    return lambda properties: True if test(properties.get("items")) else None
