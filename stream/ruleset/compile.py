"""From a checked ruleset to a plan: dimensions in topological order, tables by event name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from stream.core.bundle import NO_BUNDLE, Bundle
from stream.core.dimension import Dimension
from stream.core.layout import layout_of
from stream.core.plan import Plan, state_key
from stream.core.vocabulary import EventKind, Vocabulary
from stream.ruleset import (
    compile_customers,
    compile_events,
    compile_figures,
    compile_points,
    compile_sequences,
    compile_shapes,
)
from stream.ruleset.compile_conditions import Conditions, Makers
from stream.ruleset.compile_dimensions import Dimensions
from stream.ruleset.compile_fading import fades_of
from stream.ruleset.compile_gauges import Gauges
from stream.ruleset.compile_joins import joins_of
from stream.ruleset.compile_questions import Question, questions_of
from stream.ruleset.compile_states import States
from stream.ruleset.compile_told import Tellings
from stream.ruleset.ruleset import Ruleset
from stream.ruleset.schema_files import Vocabulary as VocabularyFile

MAKERS: Makers = {
    **compile_events.MAKERS,
    **compile_figures.MAKERS,
    **compile_shapes.MAKERS,
    **compile_sequences.MAKERS,
    **compile_customers.MAKERS,
    **compile_points.MAKERS,
}
"""Every leading word that can be evaluated."""


def compile_plan(ruleset: Ruleset, version: str, bundle: Bundle = NO_BUNDLE) -> Plan:
    """Return the plan of a checked ruleset.

    `version` is what transitions name: the hash of what the rules mean. Bars and scores come from `bundle`.
    """
    vocabulary = _vocabulary(ruleset.vocabulary)
    states, tellings = States(vocabulary), Tellings(ruleset.vocabulary, vocabulary)
    questions = questions_of(ruleset)
    keys = {question.name: state_key(f"dimension|{question.name}") for question in questions}
    made = _dimensions(ruleset, keys, states, tellings, bundle)
    dimensions = tuple(made.dimension(index, question) for index, question in enumerate(questions))
    gauges = Gauges(dimensions, made.conditions.shared, made.conditions.slots)
    routes, other = states.routes(gauges.readers)
    lookers = _lookers(dimensions, questions)
    return Plan(
        version=version,
        vocabulary=vocabulary,
        dimensions=dimensions,
        lookers=lookers,
        layout=layout_of(gauges.number(bundle), dimensions, lookers, gauges.by_dimension, made.conditions.slots),
        routes=routes,
        other=other,
        told=tellings.told({key: one.dimensions for key, one in gauges.readers.items()}),
        orders={kept.pattern: kept.key for kept in states.kept.values() if kept.is_order},
        keeps={key: kept.keeping for key, kept in states.kept.items()} | tellings.keeps(),
        joins=joins_of(states.kept),
        fades=fades_of(states.kept),
        bundle=bundle,
    )


def _dimensions(
    ruleset: Ruleset, keys: Mapping[str, int], states: States, tellings: Tellings, bundle: Bundle
) -> Dimensions:
    points = {name: rules.lines for name, rules in ruleset.points.items()}
    return Dimensions(keys, lambda place_of: Conditions(states, tellings, place_of, points, bundle, MAKERS))


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
                frozenset(each for each, type_ in event.properties.items() if type_ == "number"),
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


def _lookers(dimensions: Sequence[Dimension], questions: Sequence[Question]) -> tuple[int, ...]:
    """Return, by dimension, the bits of those that look at it."""
    bits = {question.name: 0 for question in questions}
    for dimension, question in zip(dimensions, questions, strict=True):
        for name in question.looks_at():
            if name in bits:
                bits[name] |= 1 << dimension.index
    return tuple(bits[dimension.name] for dimension in dimensions)
