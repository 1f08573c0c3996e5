"""Leaves of the conditions on a figure over what the customer did: sum, and those like it."""

from __future__ import annotations

from stream.core import figures
from stream.core.condition import Leaf
from stream.ruleset.compile_conditions import Conditions, Makers, told_count
from stream.ruleset.compile_tests import count_test
from stream.ruleset.schema_events import Sum
from stream.ruleset.schema_parts import Count
from stream.ruleset.wording import event_words


def sum_of(conditions: Conditions, asked: Sum) -> Leaf:
    """Return the leaf of `sum`."""
    states = conditions.states
    event, path = asked.sum.event, asked.sum.property
    frame = conditions.frame(asked.window)
    scale = states.scale_of(states.names_of(event))(path)
    source = states.rows(event, asked.where, (path,), frame.longest_ms)
    rows = source.numbers(path)
    count = asked.count or Count("at_least", 0)
    test = count_test(count, scale)
    is_money = scale > 1
    if is_money:
        read = figures.whole_sum(rows, test, frame)
    else:
        read = figures.figure(rows, figures.exact_sum, test, frame)
    return Leaf(
        f"sum of {path} of {event_words(event, asked.where, asked.window)}",
        *told_count(count, scale),
        unit=states.vocabulary.currency if is_money else "",
        read=figures.whole_sum(rows, test, frame)
        if scale > 1
        else figures.figure(rows, figures.exact_sum, test, frame),
        value=figures.total(rows, frame),
        states=source.keys | frame.states,
    )


MAKERS: Makers = {Sum: sum_of}
