"""Dimensions: who is in which segment, and the clocks that waiting, staying and leaving run by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.oracle.conditions import holds
from tests.oracle.world import World

WARNING = "about_to_leave"


class Move(NamedTuple):
    """From one segment to another: how long the customer was in the one, how many times by now in the other."""

    left: str | None
    entered: str | None
    dwell_ms: int
    entry_count: int


@dataclass(frozen=True)
class Dimension:
    """One question: its segments from the top of the order, and the one that takes everybody else (None: outside)."""

    name: str
    segments: tuple[tuple[str, dict[str, Any]], ...]
    otherwise: str | None = None
    inside: str | None = None
    announce_first: bool = False
    looks_at: frozenset[str] = frozenset()
    warns_of: str | None = None
    still: frozenset[str] = frozenset()
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    def about(self, segment: str | None) -> dict[str, Any]:
        """Return what the rules say of a segment; of one that is gone, what they say of `otherwise`."""
        return self.files[segment or ""] if segment in self.files else self.files[self.otherwise or ""]

    def lottery(self, segment: str | None) -> str:
        """Return the name under which the control group of a segment is drawn; a warning has that of its segment."""
        return self.warns_of or (self.name if self.otherwise is None else f"{self.name}.{segment}")

    def rank(self, segment: str | None) -> int:
        """Return the place in the order, counted from the top; `otherwise` and outside are last."""
        names = [name for name, _ in self.segments]
        return names.index(segment) if segment in names else len(names)

    def clocked(self) -> set[str]:
        """Return the segments whose waiting, staying or coming back is measured from what was before."""
        return {name for name, about in self.segments if about.keys() & {"wait", "stay_at_most", "cooldown"}}


@dataclass
class Answer:
    """Where one customer stands in one dimension, and every clock of it."""

    current: str | None
    since: int
    is_inside: bool = True
    enter_since: dict[str, int] = field(default_factory=dict)
    left_at: dict[str, int] = field(default_factory=dict)
    spent: set[str] = field(default_factory=set)
    has_gone_out: bool = False
    entries: dict[str | None, int] = field(default_factory=dict)

    def go(self, entered: str | None, now: int) -> Move:
        """Leave the current segment for another one (None: for none)."""
        left, dwell_ms = self.current, 0 if self.current is None else now - self.since
        self.current, self.since = entered, now
        self.entries[entered] = self.entries.get(entered, 0) + 1
        return Move(left, entered, dwell_ms, self.times(entered))

    def times(self, segment: str | None) -> int:
        """Return how many times the customer has entered a segment; nobody enters the outside."""
        return 0 if segment is None else self.entries.get(segment, 0)

    def keep_clocks(self, names: set[str]) -> None:
        """Forget when other segments than these began to ask, were left, and whether their stay was spent."""
        self.enter_since = {name: at for name, at in self.enter_since.items() if name in names}
        self.left_at = {name: at for name, at in self.left_at.items() if name in names}
        self.spent &= names

    def clocks(self) -> list[int]:
        """Return every instant from which something runs."""
        return [self.since, *self.enter_since.values(), *self.left_at.values()]


def dimensions_of(rules: dict[str, dict[str, Any]]) -> list[Dimension]:
    """Return all dimensions, each after those it looks at, otherwise by name; raises ValueError for a circle."""
    waiting = sorted([*exclusive(rules), *audiences(rules), *warnings(rules)], key=lambda one: one.name)
    done: list[Dimension] = []
    while waiting:
        missing = {one.name for one in waiting}
        ready = [one for one in waiting if not one.looks_at & missing]
        if not ready:
            raise ValueError(f"circle among {[one.name for one in waiting]}")
        done.append(ready[0])
        waiting.remove(ready[0])
    return done


def exclusive(rules: dict[str, dict[str, Any]]) -> Iterator[Dimension]:
    """Yield the dimensions of which a customer always has one segment."""
    for path, about in rules.items():
        name, _, file = path.partition("/")
        if file != "dimension.yaml" or "order" not in about:
            continue
        defaults = {key: about[key] for key in ("stay_at_least", "wait", "cooldown") if key in about}
        segments = tuple(
            (segment, {**defaults, **rules[f"{name}/{segment}.yaml"]})
            for segment in about["order"]
            if rules[f"{name}/{segment}.yaml"].get("enabled", True)
        )
        seen = set().union(*(looked_at(rules, one.get(key)) for _, one in segments for key in ("enter", "stay_while")))
        inside = about.get("inside")
        seen |= {dimension_of(inside)} if inside else set()
        files = {one: rules[f"{name}/{one}.yaml"] for one in (*dict(segments), about["otherwise"])}
        is_told = about.get("announce_first", False)
        yield Dimension(name, segments, about["otherwise"], inside, is_told, frozenset(seen), files=files)


def audiences(rules: dict[str, dict[str, Any]]) -> Iterator[Dimension]:
    """Yield the yes/no segments: a dimension each, with one segment and an outside."""
    for path, about in rules.items():
        folder, _, file = path.partition("/")
        if folder == "audiences" and not file.endswith(".test.yaml") and about.get("enabled", True):
            name = file.removesuffix(".yaml")
            seen = looked_at(rules, about.get("enter")) | looked_at(rules, about.get("stay_while"))
            yield Dimension(f"audiences.{name}", ((name, about),), looks_at=frozenset(seen), files={name: about})


def warnings(rules: dict[str, dict[str, Any]]) -> Iterator[Dimension]:
    """Yield the audiences of those who are about to leave a segment."""
    for one in [*exclusive(rules), *audiences(rules)]:
        for name, about in one.segments:
            if "warn_before" in about:
                segment = one.name if one.name.startswith("audiences.") else f"{one.name}.{name}"
                own = ((WARNING, {"warn_before": about["warn_before"]}),)
                seen, files = frozenset({one.name}), {WARNING: about}
                yield Dimension(f"{segment}.{WARNING}", own, looks_at=seen, warns_of=segment, files=files)


def looked_at(rules: dict[str, dict[str, Any]], condition: Any) -> set[str]:
    """Return the dimensions that a condition looks at, also through points."""
    if isinstance(condition, list):
        return set().union(*(looked_at(rules, one) for one in condition))
    if not isinstance(condition, dict):
        return set()
    found = set().union(*(looked_at(rules, value) for value in condition.values()))
    if "in_segment" in condition:
        found.add(dimension_of(condition["in_segment"]))
    if isinstance(condition.get("points"), str):
        found |= looked_at(rules, rules[f"points/{condition['points']}.yaml"]["add"])
    return found


def dimension_of(segment: str) -> str:
    """Return the dimension that a segment belongs to."""
    if segment.startswith("audiences.") or segment.endswith(f".{WARNING}"):
        return segment
    return segment.partition(".")[0]


def segment_in(segment: str, answers: dict[str, Answer]) -> int | None:
    """Return since when a customer with these answers is in a segment, None if not in it."""
    answer = answers.get(dimension_of(segment))
    if answer is None or answer.current != segment.rpartition(".")[2]:
        return None
    return answer.since


def decide(dimension: Dimension, answers: dict[str, Answer], world: World, now: int) -> list[Move]:
    """Bring one dimension's answer up to `now` and return the moves to be told, in order."""
    answer = answers.get(dimension.name)
    is_inside = dimension.inside is None or world.entered(dimension.inside) is not None
    if not is_inside:
        return go_out(dimension, answers, now)
    is_new = answer is None or not answer.is_inside
    is_back = is_new and answer is not None and answer.has_gone_out
    if answer is None or not answer.is_inside:
        before = answer or Answer(None, now)
        answer = Answer(dimension.otherwise, now, left_at=before.left_at, spent=before.spent, entries=before.entries)
        answers[dimension.name] = answer
    read_enters(dimension, answer, world, now)
    moves = list(settle(dimension, answer, world, now))
    if is_new and not moves:  # who goes on at this very instant was never in `otherwise`: it is not counted
        answer.current = None
        placed = answer.go(dimension.otherwise, now)
        return [placed] if is_back or dimension.announce_first else []
    return [moves[0]._replace(left=None), *moves[1:]] if is_back else moves


def go_out(dimension: Dimension, answers: dict[str, Answer], now: int) -> list[Move]:
    """Leave a nested dimension without an answer, whatever its stays say."""
    answer = answers.setdefault(dimension.name, Answer(None, now, is_inside=False))
    if not answer.is_inside:
        return []
    assert answer.current is not None
    answer.left_at[answer.current] = now
    answer.is_inside, answer.enter_since, answer.has_gone_out = False, {}, True
    return [answer.go(None, now)]


def read_enters(dimension: Dimension, answer: Answer, world: World, now: int) -> None:
    """Start and stop the clocks of `enter`; one that is false lets a spent segment ask again."""
    for name, about in dimension.segments:
        if name in dimension.still:
            continue
        if "enter" in about and holds(about["enter"], world, now):
            answer.enter_since.setdefault(name, now)
        else:
            answer.enter_since.pop(name, None)
            answer.spent.discard(name)


def settle(dimension: Dimension, answer: Answer, world: World, now: int) -> Iterator[Move]:
    """Move until nothing moves; no segment is entered twice."""
    entered_now: set[str | None] = set()
    while True:
        left = answer.current
        target = taker(dimension, answer, world, now)
        if target == left or target in entered_now:
            return
        if dimension.rank(target) > dimension.rank(left) and must_stay(dimension, answer, world, now):
            return
        leave(dimension, answer, world, now)
        entered_now.add(target)
        yield answer.go(target, now)


def taker(dimension: Dimension, answer: Answer, world: World, now: int) -> str | None:
    """Return the first segment from the top that asks for the customer or keeps its own; still ones do neither."""
    if answer.current in dimension.still:
        return answer.current
    for name, about in dimension.segments:
        if name in dimension.still:
            continue
        test = keeps if name == answer.current else asks
        if test(name, about, answer, world, now):
            return name
    return dimension.otherwise


def asks(name: str, about: dict[str, Any], answer: Answer, world: World, now: int) -> bool:
    """Return whether a segment asks for a customer who is elsewhere."""
    if name not in answer.enter_since or name in answer.spent:
        return False
    if "wait" in about and now < answer.enter_since[name] + world.span(about["wait"]):
        return False
    if "cooldown" in about and name in answer.left_at and now < answer.left_at[name] + world.span(about["cooldown"]):
        return False
    return "only_from" not in about or answer.current in about["only_from"]


def keeps(name: str, about: dict[str, Any], answer: Answer, world: World, now: int) -> bool:
    """Return whether a segment keeps its member."""
    if stay_is_over(about, answer, world, now):
        return False
    return name in answer.enter_since or ("stay_while" in about and holds(about["stay_while"], world, now))


def stay_is_over(about: dict[str, Any], answer: Answer, world: World, now: int) -> bool:
    """Return whether the longest stay in the current segment has passed."""
    return "stay_at_most" in about and now >= answer.since + world.span(about["stay_at_most"])


def must_stay(dimension: Dimension, answer: Answer, world: World, now: int) -> bool:
    """Return whether the current segment may not be left downwards yet."""
    about = dict(dimension.segments).get(answer.current or "", {})
    return "stay_at_least" in about and now < answer.since + world.span(about["stay_at_least"])


def leave(dimension: Dimension, answer: Answer, world: World, now: int) -> None:
    """Start the clocks of leaving the current segment."""
    name = answer.current
    about = dict(dimension.segments).get(name or "")
    if name is None or about is None:
        return
    answer.left_at[name] = now
    if stay_is_over(about, answer, world, now) and name in answer.enter_since:
        answer.spent.add(name)
