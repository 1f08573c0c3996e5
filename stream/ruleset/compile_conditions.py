"""From a condition to its verdict: groups are joined here, leaves are made by the maker of their leading word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, TypeAlias, TypeVar

from stream.core.bundle import Bundle
from stream.core.condition import Leaf, Read, either, every, is_in_place, lasting, negation
from stream.core.frame import Frame, Span, fixed, personal
from stream.core.profile import NEVER, Place
from stream.ruleset.canonical import meaning_of
from stream.ruleset.compile_bars import with_bars
from stream.ruleset.compile_dated_where import leaf_over_rows, reads_dates
from stream.ruleset.compile_dates import calendar_frame
from stream.ruleset.compile_sources import Source
from stream.ruleset.compile_states import States
from stream.ruleset.compile_told import Tellings
from stream.ruleset.schema import All, AnyOf, Condition, Not
from stream.ruleset.schema_files import PointsLine
from stream.ruleset.schema_parts import Count, Window
from stream.ruleset.schema_values import Bar, Personal
from stream.ruleset.wording import bar_value, op_words

T = TypeVar("T")

Makers: TypeAlias = "Mapping[type, Callable[[Conditions, Any], Leaf]]"
"""By the model of a leading word: what makes its leaf."""


class Conditions:
    """Compiles conditions over one set of states; the leaves of each are collected for evidence."""

    def __init__(
        self,
        states: States,
        tellings: Tellings,
        place_of: Callable[[str], tuple[Place, str]],
        points: Mapping[str, Sequence[PointsLine]],
        bundle: Bundle,
        makers: Makers,
    ) -> None:
        """Find segments by `place_of` (name to dimension and segment), points by name, leaves by `makers`."""
        self.states = states
        self.tellings = tellings
        self.place_of = place_of
        self.points = points
        self.bundle = bundle
        self._makers = makers
        self.shared: dict[bytes, Read] = {}
        """By meaning: the verdicts that equal conditions share."""
        self._found: dict[tuple[str, frozenset[int], type], Any] = {}
        self.slots: dict[int, list[int]] = {}
        """By state: the slots of the verdicts that depend on it."""

    def compile(self, condition: Condition, leaves: list[Leaf]) -> Read:
        """Return the verdict of a condition; its leaves are appended.

        Equal leaves share one verdict, which is worked out again only when their states changed or it may have ended,
        each time where it is simple; those that look at other segments, which move without an event, are asked each
        time.
        """
        match condition:
            case All(all=inner):
                return every([self.compile(each, leaves) for each in inner])
            case AnyOf(any=inner):
                return either([self.compile(each, leaves) for each in inner])
            case Not(not_=inner):
                first = len(leaves)
                read = self.compile(inner, leaves)
                leaves[first:] = [replace(leaf, is_negated=not leaf.is_negated) for leaf in leaves[first:]]
                return negation(read)
            case _:
                leaf = self.leaf(condition)
                shared = None if leaf.dimensions else self._shared(condition, leaf)
                leaves.append(replace(leaf, shared=shared))
                return shared or leaf.read

    def _shared(self, condition: Condition, leaf: Leaf) -> Read:
        slot = len(self.shared)
        is_kept = not is_in_place(leaf.sketch)
        read = lasting(slot, leaf.read) if is_kept else leaf.read
        shared = self.shared.setdefault(meaning_of(condition), read)
        if len(self.shared) > slot and is_kept:
            for key in leaf.states:
                self.slots.setdefault(key, []).append(slot)
        return shared

    def leaf(self, condition: Any) -> Leaf:
        """Return the leaf of one condition."""
        make = self._makers[type(condition)]
        asked = with_bars(condition, self.bundle.bars)
        return leaf_over_rows(self, asked, make) if reads_dates(asked) else make(self, asked)

    def once(self, subject: str, source: Source, made: T) -> T:
        """Return what conditions with the same subject, in words, read of the same states: what the first one made."""
        shared: T = self._found.setdefault((subject, source.keys, type(self.states)), made)
        return shared

    def frame(self, window: Window) -> Frame:
        """Return the window of a condition: the one place where a WINDOW gets its meaning."""
        if window.kind in {"during", "dates"}:
            return calendar_frame(window, self.tellings.zone_of, self.tellings.zone_states)
        if window.within is None:
            return Frame(None, window.older_than or 0, NEVER)
        within, longest_ms, states = self.span(window.within)
        return Frame(within, window.older_than or 0, longest_ms, states=states)

    def span(self, span: int | Personal) -> tuple[Span, int, frozenset[int]]:
        """Return a span, the longest it can be in ms, and the keys of the states that it depends on."""
        if not isinstance(span, Personal):
            return fixed(span), span, frozenset()
        key = self.states.order_days()
        gaps = Fraction(str(span.personal_gaps))
        mean_ms = self.states.vocabulary.personal_gap_mean_ms
        made = personal(key, gaps.numerator, gaps.denominator, span.at_least, mean_ms)
        return made, NEVER, frozenset({key})


def told_count(count: Count, scale: int = 1) -> tuple[str, Any]:
    """Return (operator in words, bar as JSON) of a count; bars times `scale` (100 for money in cents)."""
    value = _told_bar(count.value, scale)
    return op_words(count.op), [value, _told_bar(count.high, scale)] if count.op == "between" else value


def _told_bar(value: Any, scale: int) -> Any:
    """Return one bar as JSON; one that nobody has published by its name."""
    return bar_value(value) if isinstance(value, Bar) else bar_value(value * scale)
