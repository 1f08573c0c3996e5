"""From each leading word to its leaf: the verdict it gives, the value that evidence shows, the states it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import singledispatchmethod
from typing import Any

from stream.core import condition as core
from stream.core import ledger as books
from stream.core.condition import Leaf, Read, Span
from stream.core.matching import Test, value_in
from stream.core.plan import state_key
from stream.core.profile import NEVER
from stream.ruleset import schema_customers as who
from stream.ruleset import schema_events as what
from stream.ruleset.compile_states import Source, States
from stream.ruleset.compile_tests import NotYet, compare_test, count_test, counts
from stream.ruleset.schema import All, AnyOf, Condition, Not
from stream.ruleset.schema_parts import Count, ItemWhere, Window
from stream.ruleset.schema_values import Personal
from stream.ruleset.spans import span_text
from stream.ruleset.wording import bar_value, event_words, op_words


@dataclass(frozen=True, slots=True)
class Frame:
    """A window made of spans: from `older_ms` ago back to `within` ago (None: ever)."""

    within: Span | None
    older_ms: int
    longest_ms: int
    """The longest it can be, for how long rows are worth keeping apart."""


class Conditions:
    """Compiles conditions over one set of states; the leaves of each are collected for evidence."""

    def __init__(
        self, states: States, dimension_key: Callable[[str], tuple[int, str]], traits: Mapping[str, str]
    ) -> None:
        """Find segments by `dimension_key` (name to key and segment), and traits by name and type."""
        self.states = states
        self._dimension_key = dimension_key
        self._traits = traits

    def compile(self, condition: Condition, leaves: list[Leaf]) -> Read:
        """Return the verdict of a condition; its leaves are appended. Raises NotYet for a word not known yet."""
        match condition:
            case All(all=inner):
                return core.every([self.compile(each, leaves) for each in inner])
            case AnyOf(any=inner):
                return core.either([self.compile(each, leaves) for each in inner])
            case Not(not_=inner):
                return core.negation(self.compile(inner, leaves))
            case _:
                leaf = self.leaf(condition)
                leaves.append(leaf)
                return leaf.read

    @singledispatchmethod
    def leaf(self, condition: Any) -> Leaf:
        """Return the leaf of one condition."""
        raise NotYet(condition.word)

    # -- what the customer did ------------------------------------------------------------

    @leaf.register
    def _(self, asked: what.Did) -> Leaf:
        if asked.per is not None:
            raise NotYet("per")
        low, high = counts(asked.count)
        return self._counted(asked.did, asked.where, asked.window, asked.count or Count("at_least", 1), low, high)

    @leaf.register
    def _(self, asked: what.DidNot) -> Leaf:
        return self._counted(asked.did_not, asked.where, asked.window, Count("exactly", 0), 0, 0)

    def _counted(self, event: str, where: ItemWhere | None, window: Window, count: Count, low: int, high: int) -> Leaf:
        frame = self._frame(window)
        depth = max(low, high + 1 if high < NEVER else 0, 1)
        kind = "newest" if not frame.older_ms else "oldest" if frame.within is None else "ledger"
        source = self.states.instants(event, where, depth, kind, frame.longest_ms)
        instants = source.instants()
        return Leaf(
            event_words(event, where, window),
            *_bar(count),
            read=core.did(instants, low, high, frame.within, frame.older_ms),
            value=core.count(instants, frame.within, frame.older_ms),
            states=self._read_by(source, window),
        )

    @leaf.register
    def _(self, asked: what.DidOnDays) -> Leaf:
        window, frame = asked.window, self._frame(asked.window)
        source = self.states.rows(asked.did_on_days, asked.where, (), frame.longest_ms)
        rows = core.newest_per_day(source.ledgers)
        value = core.days(rows, frame.within, frame.older_ms)
        low, high = counts(asked.count)
        test = _is_between(low, high)
        return Leaf(
            f"days with {event_words(asked.did_on_days, asked.where, window)}",
            *_bar(asked.count or Count("at_least", 1)),
            read=core.aggregate(value, core.instants_of(rows), test, frame.within, frame.older_ms),
            value=value,
            states=self._read_by(source, window),
        )

    @leaf.register
    def _(self, asked: what.FirstTime) -> Leaf:
        within, longest_ms = self._span(asked.within)
        source = self.states.instants(asked.first_time, asked.where, 1, "oldest", longest_ms)
        instants = source.instants()
        window = Window("span", within=asked.within)
        return Leaf(
            f"first {event_words(asked.first_time, asked.where, window)}",
            None,
            "",
            "",
            read=core.first_time(instants, within),
            value=core.first(instants),
            states=self._read_by(source, window),
        )

    @leaf.register
    def _(self, asked: what.Sum) -> Leaf:
        event, path = asked.sum.event, asked.sum.property
        frame = self._frame(asked.window)
        scale = self.states.scale_of(self.states.names_of(event))(path)
        source = self.states.rows(event, asked.where, (path,), frame.longest_ms)
        rows = core.booked_values([(key, test, _number_in(path)) for key, test in source.ledgers])
        count = asked.count or Count("at_least", 0)
        test = count_test(count, scale)
        value = core.total(rows, frame.within, frame.older_ms)
        if scale > 1:
            read = core.whole_sum(rows, test, frame.within, frame.older_ms)
        else:
            read = core.aggregate(value, core.instants_of(rows), test, frame.within, frame.older_ms)
        words, bar, _ = _bar(count, scale)
        return Leaf(
            f"sum of {path} of {event_words(event, asked.where, asked.window)}",
            words,
            bar,
            self.states.vocabulary.currency if scale > 1 else "",
            read=read,
            value=value,
            states=self._read_by(source, asked.window),
        )

    # -- what the customer is -------------------------------------------------------------

    @leaf.register
    def _(self, asked: who.Everyone) -> Leaf:
        return Leaf("everyone", "", None, "", read=core.always, value=lambda profile, now: True)

    @leaf.register
    def _(self, asked: who.Trait) -> Leaf:
        if asked.for_ is not None or asked.for_less_than is not None:
            raise NotYet("for")
        is_money = self._traits[asked.trait] == "money"
        scale = int(10**self.states.vocabulary.exponent) if is_money else 1
        key = state_key(f"trait|{asked.trait}")
        compare = asked.compare
        return Leaf(
            f"trait {asked.trait}",
            op_words(compare.op),
            bar_value(compare.value),
            "",
            read=core.trait(key, compare_test(compare, scale)),
            value=core.trait_value(key),
            states=frozenset({key}),
        )

    @leaf.register
    def _(self, asked: who.InSegment) -> Leaf:
        key, segment = self._dimension_key(asked.in_segment)
        words = f"in {asked.in_segment}"
        if asked.for_ is not None:
            words += f" for {span_text(asked.for_)}"
        if asked.for_less_than is not None:
            words += f" for less than {span_text(asked.for_less_than)}"
        return Leaf(
            words,
            "",
            None,
            "",
            read=core.in_segment(key, segment, asked.for_ or 0, asked.for_less_than or 0),
            value=core.segment_value(key),
            dimensions=frozenset({key}),
        )

    # -- windows --------------------------------------------------------------------------

    def _frame(self, window: Window) -> Frame:
        if window.kind not in {"ever", "span"}:
            raise NotYet("during" if window.kind == "during" else "from")
        if window.within is None:
            return Frame(None, window.older_than or 0, NEVER)
        within, longest_ms = self._span(window.within)
        return Frame(within, window.older_than or 0, longest_ms)

    def _span(self, span: int | Personal) -> tuple[Span, int]:
        if not isinstance(span, Personal):
            return core.fixed(span), span
        key = self.states.order_days()
        if key is None:
            raise NotYet("personal_gaps")
        gaps = Fraction(str(span.personal_gaps))
        mean_ms = self.states.vocabulary.personal_gap_mean_ms
        return core.personal(key, gaps.numerator, gaps.denominator, span.at_least, mean_ms), NEVER

    def _read_by(self, source: Source, window: Window) -> frozenset[int]:
        """Return the keys of the states that a condition reads, the orders too where its span is personal."""
        keys = source.keys
        if isinstance(window.within, Personal) and (orders := self.states.order_days()) is not None:
            keys |= {orders}
        return keys


def _bar(count: Count, scale: int = 1) -> tuple[str, Any, str]:
    """Return (operator in words, bar as JSON, unit) of a count."""
    value = bar_value(count.value * scale) if scale > 1 else bar_value(count.value)  # type: ignore[operator]
    if count.op == "between":
        value = [value, bar_value(count.high * scale if scale > 1 else count.high)]  # type: ignore[operator]
    return op_words(count.op), value, ""


def _is_between(low: int, high: int) -> Test:
    return lambda value: low <= value <= high


def _number_in(path: str) -> Callable[[books.Row], Any]:
    def read(row: books.Row) -> Any:
        value = value_in(row, path)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    return read
