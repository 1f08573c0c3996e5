"""Every name in a condition against what is declared, and every comparison against the type of the name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from stream.ruleset.check_types import NOUNS, operator_problem, value_problem
from stream.ruleset.findings import Findings
from stream.ruleset.names import ITEMS, Names
from stream.ruleset.schema import Condition, walk
from stream.ruleset.schema_customers import Consent, InList, InSegment, Near, Trait
from stream.ruleset.schema_events import (
    Average,
    Did,
    DidNot,
    DidOnDays,
    Distinct,
    FirstTime,
    Largest,
    LastEvent,
    Points,
    Regularly,
    Restarted,
    Sequence,
    Share,
    Smallest,
    Stopped,
    Sum,
    ValueOfEvents,
)
from stream.ruleset.schema_forms import Compare, Count
from stream.ruleset.schema_part import suggestion
from stream.ruleset.schema_parts import ItemWhere, StepDidNot, Where
from stream.ruleset.schema_values import Bar, EventField, Personal
from stream.ruleset.schema_words import Words
from stream.ruleset.source import Path

_ON_NUMBERS: Final = (Sum, Average, Smallest, Largest)
_ON_EVENTS: Final = (Did, DidOnDays, DidNot, FirstTime, LastEvent, Regularly, Restarted, Share, Stopped)
ORDER: Final = "order_placed"
_COUNTS: Final = (Did, DidOnDays, Distinct)


class NameCheck:
    """Checks the conditions of one file; `needs_unsent` becomes true when one needs what the shop does not send."""

    def __init__(self, names: Names, findings: Findings) -> None:
        self.names, self.findings = names, findings
        self.needs_unsent = False

    def condition(self, condition: Condition, path: Path) -> None:
        """Check a condition and everything in it."""
        for here, leaf in walk(condition, path):
            self._leaf(leaf, here)

    def _leaf(self, leaf: Words, path: Path) -> None:
        match leaf:
            case Trait():
                self._trait(leaf, path)
            case Consent(consent=name):
                self._declared("consent", name, self.names.consents, (*path, "consent"))
            case InList(in_list=name):
                self._declared("list", name, self.names.lists, (*path, "in_list"))
            case Near(near=name):
                self._declared("place", name, self.names.places, (*path, "near"))
            case InSegment(in_segment=name):
                self._report(self.names.segment_problem(name), (*path, "in_segment"), "rule-name")
            case Points(points=name):
                self._points(name, (*path, "points"))
            case Sequence():
                self._sequence(leaf, path)
            case _:
                self._on_events(leaf, path)
        self._gaps(leaf, path)

    def _gaps(self, leaf: Words, path: Path) -> None:
        """Check that there are orders where a span is a multiple of the gaps between them."""
        if ORDER in self.names.events:
            return
        for word in ("within", "did_within", "quiet_for"):
            if isinstance(getattr(leaf, word, None), Personal):
                message = f'personal gaps lie between events "{ORDER}", which is not in vocabulary.yaml; write a span'
                self._report(message, (*path, word), "rule-name")

    def _report(self, message: str | None, path: Path, code: str, *, key: bool = False, offset: int = 0) -> bool:
        """Keep a problem if there is one, and tell whether there was."""
        if message:
            self.findings.add(path, message, code, key=key, offset=offset)
        return message is not None

    def _declared(self, what: str, name: str, declared: Iterable[str], path: Path) -> None:
        self._report(self.names.declared_problem(what, name, declared), path, "rule-name")

    def _points(self, name: str, path: Path) -> None:
        if name not in self.names.points:
            advice = suggestion(name, sorted(self.names.points), f"write points/{name}.yaml")
            self._report(f'points "{name}" have no file; {advice}', path, "rule-name")

    def _off(self, name: str, path: Path) -> None:
        self.needs_unsent = True
        self.findings.note(path, f'off: needs "{name}", which the vocabulary says is not sent', "segment-off")

    def _trait(self, leaf: Trait, path: Path) -> None:
        name, place = leaf.trait, (*path, "trait")
        if self._report(self.names.declared_problem("trait", name, self.names.traits), place, "rule-name"):
            return
        definition = self.names.traits[name]
        if not definition.sent:
            self._off(name, place)
        self._comparison(f'trait "{name}"', definition.type, leaf.compare, path, place, is_key=False)

    def _comparison(
        self, subject: str, kind: str, compare: Compare, words: Path, blamed: Path, *, is_key: bool
    ) -> None:
        """Check a comparison whose words stand below `words`; `blamed` is the place of a word that does not fit."""
        if not self._report(operator_problem(subject, kind, compare), blamed, "rule-type", key=is_key):
            self._report(value_problem(subject, kind, compare), (*words, compare.op), "rule-value")

    def _event(self, pattern: str, path: Path) -> None:
        self._report(self.names.event_problem(pattern), path, "rule-name")
        unsent = self.names.unsent(pattern)
        if unsent:
            self._off(unsent, path)

    def _where(self, where: ItemWhere | None, pattern: str, path: Path) -> None:
        """Check the tests on properties of an event, and those on its items."""
        if where is None:
            return
        for name, compare in where.properties:
            place = (*path, name)
            if not self._property(pattern, name, place, is_key=True):
                kind = self.names.property_type(pattern, name) or "untyped"
                self._comparison(f'"{name}" of "{pattern}"', kind, compare, place, place, is_key=True)
        if isinstance(where, Where) and where.any_item:
            self._items(pattern, path)

    def _items(self, pattern: str, path: Path) -> None:
        """Check that the event has items to look into."""
        if self.names.matching(pattern) and self.names.property_type(pattern, ITEMS) not in {"list", "untyped"}:
            message = f'"{pattern}" has no property "{ITEMS}" of the type list; any_item looks into it'
            self._report(message, (*path, "any_item"), "rule-property", key=True)

    def _property(self, pattern: str, name: str, path: Path, *, is_key: bool = False, offset: int = 0) -> bool:
        problem = self.names.property_problem(pattern, name)
        return self._report(problem, path, "rule-property", key=is_key, offset=offset)

    def _on_events(self, leaf: Words, path: Path) -> None:
        """Check a condition on one event or on a property of one."""
        place = (*path, leaf.word)
        named = leaf.value_of(leaf.word)
        if isinstance(named, EventField):
            self._field(leaf, named, path)
            pattern = named.event
        elif isinstance(leaf, _ON_EVENTS):
            pattern = named
            self._event(pattern, place)
        else:
            return
        self._where(getattr(leaf, "where", None), pattern, (*path, "where"))
        if isinstance(leaf, LastEvent):
            self._where(leaf.has, pattern, (*path, "has"))
        if isinstance(leaf, Did) and leaf.per is not None:
            self._property(pattern, leaf.per, (*path, "per"))
        if isinstance(leaf, _COUNTS) and leaf.count is not None:
            self._whole(leaf.count, path)

    def _field(self, leaf: Words, named: EventField, path: Path) -> None:
        """Check EVENT.property and whether its type can be added, averaged or compared so."""
        place = (*path, leaf.word)
        event, name = named.event, named.property
        self._event(event, place)
        self._property(event, name, place, offset=len(event) + 1)
        kind = self.names.property_type(event, name) or "untyped"
        if isinstance(leaf, _ON_NUMBERS) and kind not in {"number", "money", "untyped"}:
            advice = "use most_frequent, distinct, first_value or last_value"
            message = f'"{event}.{name}" is {NOUNS[kind]}; "{leaf.word}" needs numbers; {advice}'
            self._report(message, place, "rule-type")
        elif isinstance(leaf, ValueOfEvents):
            self._comparison(f'"{event}.{name}"', kind, leaf.compare, path, place, is_key=False)

    def _whole(self, count: Count, path: Path) -> None:
        for number in (count.value, count.high):
            if not isinstance(number, Bar | None) and (number < 0 or number != int(number)):
                message = f'"{number}" is not a count; write a whole number of 0 or more'
                self._report(message, (*path, count.op), "rule-value")

    def _sequence(self, leaf: Sequence, path: Path) -> None:
        for index, step in enumerate(leaf.sequence):
            place = (*path, "sequence", index)
            word, event = ("did_not", step.did_not) if isinstance(step, StepDidNot) else ("did", step.did)
            self._event(event, (*place, word))
            self._where(step.where, event, (*place, "where"))
            if leaf.per is not None:
                self._property(event, leaf.per, (*path, "per"))
