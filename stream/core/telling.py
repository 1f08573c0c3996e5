"""What records tell beside behaviour, and what we keep of it: the newest value, and since when it counts.

Of two values the one that was so later wins, at the same instant the later in the log; an older one changes
nothing. States are plain lists: `[value, at]` of a trait, consent or score, `[word, at, since]` of a list,
`[since, lost since, lost at]` of a comparison that is asked for how long it has held (-NEVER: it does not), and
`[[value, at], …]` of a trait whose older values still matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from stream.core.event import Event
from stream.core.gauge import Renumber
from stream.core.matching import present
from stream.core.profile import NEVER, Profile

Test = Callable[[Any], bool]
VALUE, AT, LISTED_SINCE = range(3)
HELD_SINCE, LOST_SINCE, LOST_AT = range(3)
NOT_HELD = -NEVER - 1
HISTORY_CAP = 64
"""How many values of one trait are remembered where the time for which a date compares is asked."""
ABSENT = object()


@dataclass(frozen=True, slots=True)
class ToldTrait:
    """One trait of the vocabulary: where its value stands in a record, and what is kept of it."""

    key: int
    path: tuple[str, ...] = ()
    """Below the name under which it is sent."""
    readers: int = 0
    """The bits of the dimensions that read it."""
    held: tuple[tuple[int, Test], ...] = ()
    """Comparisons that are asked for how long they have held: the key of each and its test."""
    history: tuple[int, int] | None = None
    """Key of its older values and how far back they matter, in ms."""
    convert: Callable[[Any], Any] = present
    keys: tuple[int, ...] = field(init=False)
    """Of all that is kept of it."""

    def __post_init__(self) -> None:
        """Note what is asked of it with each new value."""
        older = () if self.history is None else (self.history[0],)
        object.__setattr__(self, "keys", (self.key, *older, *(key for key, _ in self.held)))

    def tell(self, profile: Profile, sent: Any, at: int) -> bool:
        """Keep what a record says of it, and return whether anything changed."""
        for step in self.path:
            sent = sent.get(step, ABSENT) if isinstance(sent, Mapping) else ABSENT
        if sent is ABSENT:
            return False
        kept = profile.states.get(self.key)
        if kept is not None and at < kept[AT]:
            return False
        value = self.convert(sent)
        for key, test in self.held:
            _hold(profile, key, test, kept, value, at)
        if self.history is not None:
            _remember(profile, self.history, value, at)
        profile.states[self.key] = [value, at]
        return kept is None or kept[VALUE] != value or type(kept[VALUE]) is not type(value)

    def join(self, stays: Profile, goes: Profile) -> None:
        """Let a profile know of the trait what another one does too."""
        one, other = stays.states.get(self.key), goes.states.get(self.key)
        if other is None:
            return
        for key, test in self.held:
            stays.states[key] = _held_of_both(key, test, stays, goes, one, other)
        if self.history is not None:
            _history_of_both(self.history[0], stays, goes)
        stays.states[self.key] = other if one is None else newest_of_both(one, other)


def newest_of_both(one: list[Any], other: list[Any]) -> list[Any]:
    """Return of two values the one that was so later; of two of one instant the one whose text is larger."""
    return max(one, other, key=lambda kept: (kept[AT], repr(kept[VALUE])))


def _listed_of_both(one: list[Any], other: list[Any]) -> list[Any]:
    """Return the later word; it has been so since it was first said, unless the other word came in between."""
    later = newest_of_both(one, other)
    earlier = one if later is other else other
    word, at, since = later
    if earlier[VALUE] == word:
        return [word, at, min(since, earlier[LISTED_SINCE])]
    return [word, at, at if earlier[AT] > since else since]


def _held_of_both(
    key: int, test: Test, stays: Profile, goes: Profile, one: list[Any] | None, other: list[Any]
) -> list[int]:
    """Return since when a comparison has held of both: of the newest value, unless the other's broke it since."""
    own = (one, stays.states.get(key)) if one is not None else None
    later, earlier = (other, goes.states.get(key)), own
    if one is not None and own is not None and newest_of_both(one, other) is one:
        later, earlier = own, later
    value, held = later
    found: list[int] = [*held] if held else [value[AT] if test(value[VALUE]) else NOT_HELD, NOT_HELD, NOT_HELD]
    if earlier is not None and found[HELD_SINCE] != NOT_HELD:
        before, kept = earlier
        if test(before[VALUE]):
            found[HELD_SINCE] = min(found[HELD_SINCE], kept[HELD_SINCE] if kept else before[AT])
        elif before[AT] > found[HELD_SINCE]:
            found[HELD_SINCE] = value[AT]
    return found


def _history_of_both(key: int, stays: Profile, goes: Profile) -> None:
    """Keep the values of both in the order in which they were so."""
    found: list[list[Any]] = []
    both = [*stays.states.get(key, ()), *goes.states.get(key, ())]
    for value, at in sorted(both, key=lambda kept: (kept[AT], repr(kept[VALUE]))):
        if found and found[-1][AT] == at:
            found[-1] = [value, at]
        elif not found or found[-1][VALUE] != value:
            found.append([value, at])
    stays.states[key] = found[-HISTORY_CAP:]


def _hold(profile: Profile, key: int, test: Test, kept: list[Any] | None, value: Any, at: int) -> None:
    """Bring up to date since when a comparison has held; a value that counted for no time is no break."""
    held = profile.states.get(key)
    if held is None:
        was_so = test(kept[VALUE] if kept else None)
        since = (kept[AT] if kept else min(profile.known_since, at)) if was_so else NOT_HELD
        held = profile.states[key] = [since, NOT_HELD, NOT_HELD]
    if test(value):
        if held[HELD_SINCE] == NOT_HELD:
            held[HELD_SINCE] = held[LOST_SINCE] if held[LOST_AT] == at else at
    elif held[HELD_SINCE] != NOT_HELD:
        held[LOST_SINCE], held[LOST_AT] = held[HELD_SINCE], at
        held[HELD_SINCE] = NOT_HELD


def _remember(profile: Profile, history: tuple[int, int], value: Any, at: int) -> None:
    """Keep the values that were so within the span, and the one before them."""
    key, span_ms = history
    values = profile.states.setdefault(key, [])
    if values and values[-1][AT] == at:
        values[-1][VALUE] = value
    elif not values or values[-1][VALUE] != value:
        values.append([value, at])
    while len(values) > 1 and (values[1][AT] <= profile.as_of - span_ms or len(values) > HISTORY_CAP):
        del values[0]


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that records may tell beside behaviour, by the name under which it is sent."""

    traits: Mapping[str, tuple[ToldTrait, ...]] = field(default_factory=dict)
    consents: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """By consent: its state key and the bits of the dimensions that read it. So for lists and scores."""
    lists: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    scores: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By trait that is not sent under its own name: where it stands."""

    def fold(self, profile: Profile, event: Event) -> tuple[int, list[int]]:
        """Keep what a record tells; return the bits of the dimensions to decide, and the keys of what changed."""
        touched, at = 0, event.occurred_at
        changed: list[int] = []
        for name, sent in event.traits.items():
            for trait in self.traits.get(name, ()):
                if trait.tell(profile, sent, at):
                    touched |= trait.readers
                    changed += trait.keys
        for known, told in ((self.consents, event.consents), (self.scores, event.scores)):
            for name, word in told.items():
                if name in known and _tell(profile, known[name][0], word, at):
                    touched |= known[name][1]
                    changed.append(known[name][0])
        for name, word in event.lists.items():
            if name in self.lists and _list(profile, self.lists[name][0], word, at):
                touched |= self.lists[name][1]
                changed.append(self.lists[name][0])
        return touched, changed

    def read_by(self, renumber: Renumber, *, keeps_all: bool = False) -> Told:
        """Return what is kept for dimensions numbered anew; what none of them reads is not kept, or kept silent."""

        def words(told: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
            renumbered = {name: (key, renumber(readers)) for name, (key, readers) in told.items()}
            return {name: kept for name, kept in renumbered.items() if kept[1] or keeps_all}

        traits = {
            sent: tuple(replace(one, readers=bits) for one in told if (bits := renumber(one.readers)) or keeps_all)
            for sent, told in self.traits.items()
        }
        return replace(
            self,
            traits={sent: told for sent, told in traits.items() if told},
            consents=words(self.consents),
            lists=words(self.lists),
            scores=words(self.scores),
        )

    def join(self, stays: Profile, goes: Profile) -> None:
        """Let a profile know what another one was told too: of each the newest."""
        for traits in self.traits.values():
            for trait in traits:
                trait.join(stays, goes)
        for told, joined in (
            (self.consents, newest_of_both),
            (self.scores, newest_of_both),
            (self.lists, _listed_of_both),
        ):
            for key, _ in told.values():
                if (other := goes.states.get(key)) is not None:
                    one = stays.states.get(key)
                    stays.states[key] = other if one is None else joined(one, other)

    def as_sent(self, traits: Mapping[str, Any]) -> dict[str, Any]:
        """Return values by the names of the vocabulary as a record would tell them: at their paths."""
        sent: dict[str, Any] = {}
        for name, value in traits.items():
            *above, last = self.paths.get(name, (name,))
            place = sent
            for step in above:
                place = place.setdefault(step, {})
            place[last] = value
        return sent


def _tell(profile: Profile, key: int, value: Any, at: int) -> bool:
    kept = profile.states.get(key)
    if kept is not None and at < kept[AT]:
        return False
    profile.states[key] = [value, at]
    return kept is None or bool(kept[VALUE] != value)


def _list(profile: Profile, key: int, word: str, at: int) -> bool:
    """Keep whether the customer is on a list, and since when; being added again changes nothing."""
    kept = profile.states.get(key)
    if kept is not None and at < kept[AT]:
        return False
    stays = kept is not None and kept[VALUE] == word
    profile.states[key] = [word, at, kept[LISTED_SINCE] if stays and kept is not None else at]
    return not stays
