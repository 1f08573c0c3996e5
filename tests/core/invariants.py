"""What holds of every history, whatever the rules: checked after each play."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from stream.core.deciding import decide
from stream.core.plan import Plan
from stream.core.profile import Profile
from stream.core.transition import Transition


def check_transitions(transitions: Sequence[Transition], record_times: Sequence[int]) -> None:
    """Find numbers with gaps, dates that fall, a leaving of what was not entered, a change before `holds_until`."""
    assert [one.sequence for one in transitions] == list(range(1, len(transitions) + 1))
    assert [one.at for one in transitions] == sorted(one.at for one in transitions)
    heard = [*record_times, *accumulate(record_times, max)]  # a record may count later than it is stamped
    last: dict[str, Transition] = {}
    for one in transitions:
        assert one.left != one.entered
        assert one.holds_until > one.at
        before = last.get(one.dimension)
        if before is not None:
            assert before.entered == one.left
            is_silent = heard.count(before.at) < AT_ONCE and not any(before.at < at <= one.at for at in heard)
            if is_silent and one.at > before.at:
                check_holds(before, one)
        last[one.dimension] = one


AT_ONCE = 3
"""One record of an instant is heard twice; a further one may have come after the transition."""


def check_holds(before: Transition, one: Transition) -> None:
    """In silence nothing changes before `holds_until`, and something changes exactly then if it is exact."""
    assert one.at >= before.holds_until
    assert not before.holds_until_is_exact or one.at == before.holds_until


def check_rest(plan: Plan, profile: Profile) -> None:
    """A customer has one answer in every exclusive dimension, and asking again at the same instant changes nothing."""
    for dimension in plan.dimensions:
        standing = profile.standing(dimension.place)
        assert standing is not None
        assert standing.segment in dimension.by_name or standing.segment == ""
        assert standing.segment or dimension.inside or not dimension.otherwise.name
        assert standing.until > profile.as_of
        assert decide(dimension, profile.ahead(), profile.as_of) == []
