"""Leaves of the conditions on what the customer is: everyone, traits, the segments they are in."""

from __future__ import annotations

from stream.core import told
from stream.core.condition import Leaf, always
from stream.core.plan import state_key
from stream.ruleset.compile_conditions import Conditions, Makers
from stream.ruleset.compile_tests import NotYet, compare_test
from stream.ruleset.schema_customers import Everyone, InSegment, Trait
from stream.ruleset.spans import span_text
from stream.ruleset.wording import bar_value, op_words


def everyone(conditions: Conditions, asked: Everyone) -> Leaf:
    """Return the leaf of `everyone`."""
    return Leaf("everyone", "", None, "", read=always, value=lambda profile, now: True)


def trait(conditions: Conditions, asked: Trait) -> Leaf:
    """Return the leaf of `trait`: its newest value compared."""
    if asked.for_ is not None or asked.for_less_than is not None:
        raise NotYet("for")
    is_money = conditions.traits[asked.trait] == "money"
    scale = int(10**conditions.states.vocabulary.exponent) if is_money else 1
    key = state_key(f"trait|{asked.trait}")
    compare = asked.compare
    return Leaf(
        f"trait {asked.trait}",
        op_words(compare.op),
        bar_value(compare.value),
        "",
        read=told.trait(key, compare_test(compare, scale)),
        value=told.trait_value(key),
        states=frozenset({key}),
    )


def in_segment(conditions: Conditions, asked: InSegment) -> Leaf:
    """Return the leaf of `in_segment`, with how long."""
    key, segment = conditions.dimension_key(asked.in_segment)
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
        read=told.in_segment(key, segment, asked.for_ or 0, asked.for_less_than or 0),
        value=told.segment_value(key),
        dimensions=frozenset({key}),
    )


MAKERS: Makers = {Everyone: everyone, Trait: trait, InSegment: in_segment}
