"""Every name that rules may speak of: what the vocabulary and the files declare, with types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from stream.ruleset.schema_files import EventDefinition, TraitDefinition, Vocabulary
from stream.ruleset.schema_part import suggestion

ANY_EVENT: Final = "any_event"
ITEMS: Final = "items"
ABOUT_TO_LEAVE: Final = ".about_to_leave"


@dataclass(frozen=True, slots=True)
class Names:
    """What can be named. Segments map to whether they warn before leaving; `models` are dimensions without files."""

    events: Mapping[str, EventDefinition] = field(default_factory=dict)
    traits: Mapping[str, TraitDefinition] = field(default_factory=dict)
    lists: Iterable[str] = ()
    consents: Iterable[str] = ()
    places: Iterable[str] = ()
    segments: Mapping[str, bool] = field(default_factory=dict)
    models: frozenset[str] = frozenset()
    points: frozenset[str] = frozenset()
    are_unknown_events_kept: bool = False

    def matching(self, pattern: str) -> list[str]:
        """Return the events that a name, `prefix*` or `any_event` stands for."""
        if pattern == ANY_EVENT:
            return list(self.events)
        if pattern.endswith("*"):
            return [name for name in self.events if name.startswith(pattern[:-1])]
        return [pattern] if pattern in self.events else []

    def event_problem(self, pattern: str) -> str | None:
        """Return what is wrong with the name of an event, or None."""
        if pattern == ANY_EVENT or self.matching(pattern):
            return None
        if pattern.endswith("*"):
            return f'no event of vocabulary.yaml begins with "{pattern[:-1]}"; it has: {_listed(self.events)}'
        for name, event in self.events.items():
            if pattern in event.aliases:
                return f'"{pattern}" is what sources call "{name}"; write "{name}"'
        return self.declared_problem("event", pattern, self.events)

    @staticmethod
    def declared_problem(what: str, name: str, declared: Iterable[str]) -> str | None:
        """Return what is wrong with the name of a trait, list, consent, place or event, or None."""
        names = list(declared)
        if name in names:
            return None
        advice = suggestion(name, names, "add it there")
        return f'{what} "{name}" is not in vocabulary.yaml; {advice}'

    def property_type(self, pattern: str, name: str) -> str | None:
        """Return the type of a property, `untyped` where events disagree or say none, None if no event has it."""
        if pattern == ANY_EVENT and self.are_unknown_events_kept:
            return "untyped"
        types = {kind for event in self.matching(pattern) if (kind := _declared_type(self.events[event], name))}
        if not types:
            return None
        return types.pop() if len(types) == 1 else "untyped"

    def property_problem(self, pattern: str, name: str) -> str | None:
        """Return what is wrong with the name of a property, or None; unknown events are another problem."""
        if not self.matching(pattern) or self.property_type(pattern, name):
            return None
        known = sorted({one for event in self.matching(pattern) for one in self.events[event].properties})
        return f'"{pattern}" has no property "{name}"; it has: {", ".join(known) or "none"}'

    def segment_problem(self, name: str) -> str | None:
        """Return what is wrong with `dimension.segment` or `audiences.name`, or None."""
        bare = name.removesuffix(ABOUT_TO_LEAVE)
        if bare.partition(".")[0] in self.models:
            return None
        if bare not in self.segments:
            advice = suggestion(bare, list(self.segments), f"write {bare.replace('.', '/', 1)}.yaml")
            return f'segment "{bare}" does not exist; {advice}'
        if bare != name and not self.segments[bare]:
            return f'"{bare}" has no "warn_before", so nobody is about to leave it; add it there'
        return None

    def unsent(self, pattern: str) -> str | None:
        """Return the event that the shop does not send, if all that `pattern` stands for are of that kind."""
        events = self.matching(pattern)
        if pattern == ANY_EVENT or not events or any(self.events[event].sent for event in events):
            return None
        return events[0]


def names_of(
    vocabulary: Vocabulary, segments: Mapping[str, bool], models: Iterable[str], points: Iterable[str]
) -> Names:
    """Return all names of a vocabulary and of the files beside it."""
    return Names(
        vocabulary.events, vocabulary.traits, vocabulary.lists, vocabulary.consents, vocabulary.places,
        segments, frozenset(models), frozenset(points), not vocabulary.known_events_only,
    )  # fmt: skip


def _declared_type(event: EventDefinition, name: str) -> str | None:
    """Return the type of a property that may be nested: below `untyped` and `place` everything is untyped."""
    if name in event.properties:
        return event.properties[name]
    head = name
    while "." in head:
        head = head.rpartition(".")[0]
        if event.properties.get(head) in {"untyped", "place"}:
            return "untyped"
    return None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
