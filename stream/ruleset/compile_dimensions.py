"""From each question of the rules to its Dimension: segments with verdicts, evidence and clocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stream.core.condition import Leaf, always, negation
from stream.core.dimension import OUTSIDE, Dimension, Segment
from stream.core.profile import Place
from stream.core.warning import about_to_leave, leaves_at
from stream.ruleset.compile_conditions import Conditions
from stream.ruleset.compile_questions import Question, dimension_of
from stream.ruleset.names import ABOUT_TO_LEAVE
from stream.ruleset.ruleset import SegmentRules
from stream.ruleset.spans import span_text

PlaceOf = Callable[[str], tuple[Place, str]]
"""From the name of a segment to its dimension and its name in it."""
NOWHERE = Place(0, "")
"""Where a segment is that was switched off."""


class Dimensions:
    """Makes dimensions, each after those it looks at."""

    def __init__(self, keys: Mapping[str, int], conditions: Callable[[PlaceOf], Conditions]) -> None:
        """Find the keys of dimensions by name; `conditions` makes what compiles them, given where segments are."""
        self._keys = keys
        self.conditions = conditions(self.place_of)
        self.made: dict[str, Dimension] = {}
        self._upstream: dict[str, frozenset[str]] = {}

    def dimension(self, index: int, question: Question) -> Dimension:
        """Return the dimension of a question; those that it looks at were made before."""
        name = question.name
        seen = {other for other in question.looks_at() if other in self.made}
        self._upstream[name] = frozenset({name}).union(*(self._upstream[other] for other in seen))
        made = self.made[name] = Dimension(
            index=index,
            key=self._keys[name],
            name=name,
            order=self._order(question),
            otherwise=_otherwise(question.otherwise),
            inside=self.place_of(question.inside) if question.inside else None,
            announces_first=question.announces_first,
            around=question.inside or "",
        )
        return made

    def place_of(self, name: str) -> tuple[Place, str]:
        """Return the dimension of a segment's name, and the segment in it; nobody is where no dimension was made."""
        dimension, segment = dimension_of(name)
        made = self.made.get(dimension)
        return made.place if made else NOWHERE, segment

    def _order(self, question: Question) -> tuple[Segment, ...]:
        if question.warns_of is not None:
            return (self._warning(question.warns_of),)
        return tuple(self._segment(rules) for rules in question.order)

    def _segment(self, rules: SegmentRules) -> Segment:
        leaves: list[Leaf] = []
        assert rules.enter is not None
        enter = self.conditions.compile(rules.enter, leaves)
        entering = len(leaves)
        return Segment(
            name=rules.name,
            enter=enter,
            stay=self.conditions.compile(rules.stay_while, leaves) if rules.stay_while is not None else None,
            only_from=frozenset(rules.only_from) if rules.only_from is not None else None,
            wait_ms=rules.wait_ms,
            stay_at_least_ms=rules.stay_at_least_ms,
            stay_at_most_ms=rules.stay_at_most_ms or 0,
            cooldown_ms=rules.cooldown_ms,
            leaves=tuple(leaves),
            entering=entering,
            title=rules.title,
            owner=rules.owner,
            next_action=rules.next_action or "",
            holdout_percent=rules.holdout_percent,
            lottery=rules.id,
            announces_rules=rules.on_rule_change == "announce",
        )

    def _warning(self, rules: SegmentRules) -> Segment:
        """Return the one segment of who is about to leave a segment: it speaks for its owner and control group."""
        warn_ms = rules.warn_before_ms or 0
        dimension, name = dimension_of(rules.id)
        place = self.made[dimension].place
        played = [made for each, made in self.made.items() if each in self._upstream[dimension]]
        read = about_to_leave(played, place, name, warn_ms)
        watched = [leaf for made in played for segment in made.order for leaf in segment.leaves]
        leaf = Leaf(
            f"leaves {rules.id} in silence within {span_text(warn_ms)}",
            "",
            None,
            "",
            read=read,
            value=leaves_at(played, place, name, warn_ms),
            states=frozenset[int]().union(*(each.states for each in watched)),
            dimensions=frozenset({place.key}),
            is_instant=True,
        )
        owner = self.made[dimension].by_name[name]
        return Segment(
            name=ABOUT_TO_LEAVE[1:],
            enter=read,
            leaves=(leaf, *owner.leaves),
            entering=1 + owner.entering,
            title=f"{rules.title}: about to leave",
            owner=rules.owner,
            holdout_percent=rules.holdout_percent,
            lottery=rules.id,
            announces_rules=rules.on_rule_change == "announce",
        )


def _otherwise(rules: SegmentRules | None) -> Segment:
    """Return the segment that never asks and always keeps; nameless for the outside of an audience."""
    if rules is None:
        return Segment(OUTSIDE, negation(always))
    return Segment(
        rules.name,
        negation(always),
        title=rules.title,
        owner=rules.owner,
        next_action=rules.next_action or "",
        holdout_percent=rules.holdout_percent,
        lottery=rules.id,
        announces_rules=rules.on_rule_change == "announce",
    )
