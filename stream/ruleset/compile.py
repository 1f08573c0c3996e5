"""From a checked ruleset to a plan: dimensions in topological order, tables by event name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from stream.core.condition import Leaf, always, negation
from stream.core.dimension import OUTSIDE, Dimension, Segment
from stream.core.plan import Plan, state_key
from stream.core.vocabulary import EventKind, Vocabulary
from stream.errors import Problem, RuleError
from stream.ruleset import compile_customers, compile_events, compile_figures
from stream.ruleset.compile_conditions import Conditions, Makers
from stream.ruleset.compile_states import States
from stream.ruleset.compile_tests import NotYet
from stream.ruleset.layout import AUDIENCES
from stream.ruleset.ruleset import Ruleset, SegmentRules
from stream.ruleset.schema import Condition
from stream.ruleset.schema_customers import InSegment
from stream.ruleset.schema_files import Vocabulary as VocabularyFile

MAKERS: Makers = {**compile_events.MAKERS, **compile_figures.MAKERS, **compile_customers.MAKERS}
"""Every leading word that can be evaluated."""


@dataclass(slots=True)
class Question:
    """One dimension or audience of the ruleset, on its way to a Dimension."""

    name: str
    order: tuple[SegmentRules, ...]
    otherwise: SegmentRules | None = None
    inside: str | None = None
    announces_first: bool = False

    def conditions(self) -> Iterable[Condition]:
        """Yield every condition of its segments, groups before what is in them."""
        for segment in self.order:
            yield from (condition for _, condition in segment.conditions())

    def looks_at(self) -> set[str]:
        """Return the names of the dimensions that must be decided before this one."""
        found = {dimension_of(each.in_segment)[0] for each in self.conditions() if isinstance(each, InSegment)}
        return found | ({dimension_of(self.inside)[0]} if self.inside else set())


def compile_plan(ruleset: Ruleset, version: str) -> Plan:
    """Return the plan of a checked ruleset; RuleError [rule-not-yet] for words that cannot be evaluated yet.

    `version` is what transitions name: the hash of what the rules mean.
    """
    vocabulary = _vocabulary(ruleset.vocabulary)
    states = States(vocabulary)
    questions = in_order(_questions(ruleset))
    keys = {question.name: state_key(f"dimension|{question.name}") for question in questions}

    def dimension_key(name: str) -> tuple[int, str]:
        dimension, segment = dimension_of(name)
        return keys.get(dimension, 0), segment

    traits = {name: trait.type for name, trait in ruleset.vocabulary.traits.items()}
    conditions = Conditions(states, dimension_key, traits, MAKERS)
    problems: list[Problem] = []
    dimensions = tuple(
        _dimension(index, question, keys, conditions, ruleset, problems) for index, question in enumerate(questions)
    )
    if problems:
        raise RuleError(problems)
    readers = _readers(dimensions)
    routes, other = states.routes(readers)
    return Plan(
        version=version,
        vocabulary=vocabulary,
        dimensions=dimensions,
        lookers=_lookers(dimensions, questions),
        routes=routes,
        other=other,
        traits={name: (key := state_key(f"trait|{name}"), readers.get(key, 0)) for name in traits},
        orders={kept.pattern: kept.key for kept in states.kept.values() if kept.is_order},
    )


def dimension_of(name: str) -> tuple[str, str]:
    """Return (dimension, segment) of `dimension.segment` or `audiences.name`."""
    dimension, _, segment = name.partition(".")
    return (name, segment) if dimension == AUDIENCES else (dimension, segment)


def _vocabulary(file: VocabularyFile) -> Vocabulary:
    zone = ZoneInfo(file.zone)
    reversed_names = {event.reverses for event in file.events.values() if event.reverses}
    since = file.history_since
    defaults = Vocabulary(zone, file.currency, {})
    return Vocabulary(
        zone=zone,
        currency=file.currency,
        events={
            name: EventKind(
                name,
                frozenset(each for each, type_ in event.properties.items() if type_ == "money"),
                event.reverses or "",
                name in reversed_names,
            )
            for name, event in file.events.items()
        },
        aliases={alias: name for name, event in file.events.items() for alias in event.aliases},
        known_events_only=file.known_events_only,
        history_since_ms=defaults.history_since_ms
        if since is None
        else int(datetime(since.date.year, since.date.month, since.date.day, tzinfo=zone).timestamp()) * 1000,
        future_tolerance_ms=file.future_tolerance or defaults.future_tolerance_ms,
        personal_gap_mean_ms=file.personal_gap_mean or defaults.personal_gap_mean_ms,
    )


def _questions(ruleset: Ruleset) -> list[Question]:
    dimensions = [
        Question(
            dimension.id,
            tuple(dimension.segments[name] for name in dimension.order if _asks(dimension.segments[name])),
            dimension.segments[dimension.otherwise],
            dimension.inside,
            dimension.announce_first,
        )
        for dimension in ruleset.dimensions
        if dimension.otherwise
    ]
    audiences = [Question(segment.id, (segment,)) for segment in ruleset.audiences.values() if _asks(segment)]
    return dimensions + audiences


def _asks(segment: SegmentRules) -> bool:
    return segment.is_on and segment.enter is not None


def in_order(questions: list[Question]) -> list[Question]:
    """Return the questions, each after those it looks at, otherwise by name."""
    left = {question.name: question for question in questions}
    done: list[Question] = []
    while left:
        ready = min(name for name, question in left.items() if not question.looks_at() & (left.keys() - {name}))
        done.append(left.pop(ready))
    return done


def _dimension(
    index: int,
    question: Question,
    keys: Mapping[str, int],
    conditions: Conditions,
    ruleset: Ruleset,
    problems: list[Problem],
) -> Dimension:
    order = []
    for rules in question.order:
        try:
            order.append(_segment(rules, conditions))
        except NotYet as missing:
            problems.append(
                ruleset.problem(rules.file, ("enter",), f'"{missing}" cannot be evaluated yet', "rule-not-yet")
            )
    scope = dimension_of(question.inside) if question.inside else None
    return Dimension(
        index=index,
        key=keys[question.name],
        name=question.name,
        order=tuple(order),
        otherwise=_otherwise(question.otherwise),
        inside=(keys[scope[0]], scope[1]) if scope else None,
        announces_first=question.announces_first,
    )


def _otherwise(rules: SegmentRules | None) -> Segment:
    """Return the segment that never asks and always keeps; nameless for the outside of an audience."""
    if rules is None:
        return Segment(OUTSIDE, negation(always))
    return Segment(
        rules.name, negation(always), title=rules.title, owner=rules.owner, next_action=rules.next_action or ""
    )


def _segment(rules: SegmentRules, conditions: Conditions) -> Segment:
    leaves: list[Leaf] = []
    assert rules.enter is not None
    return Segment(
        name=rules.name,
        enter=conditions.compile(rules.enter, leaves),
        stay=conditions.compile(rules.stay_while, leaves) if rules.stay_while is not None else None,
        only_from=frozenset(rules.only_from) if rules.only_from is not None else None,
        wait_ms=rules.wait_ms,
        stay_at_least_ms=rules.stay_at_least_ms,
        stay_at_most_ms=rules.stay_at_most_ms or 0,
        cooldown_ms=rules.cooldown_ms,
        leaves=tuple(leaves),
        title=rules.title,
        owner=rules.owner,
        next_action=rules.next_action or "",
        holdout_percent=rules.holdout_percent,
    )


def _readers(dimensions: tuple[Dimension, ...]) -> dict[int, int]:
    """Return, by state key, the bits of the dimensions that read it."""
    readers: dict[int, int] = {}
    for dimension in dimensions:
        for segment in dimension.order:
            for leaf in segment.leaves:
                for key in leaf.states:
                    readers[key] = readers.get(key, 0) | 1 << dimension.index
    return readers


def _lookers(dimensions: tuple[Dimension, ...], questions: list[Question]) -> tuple[int, ...]:
    """Return, by dimension, the bits of those that look at it."""
    bits = {question.name: 0 for question in questions}
    for dimension, question in zip(dimensions, questions, strict=True):
        for name in question.looks_at():
            if name in bits:
                bits[name] |= 1 << dimension.index
    return tuple(bits[dimension.name] for dimension in dimensions)
