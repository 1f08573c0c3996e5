"""What a vocabulary says twice, or says of names that are not in it."""

from __future__ import annotations

from stream.ruleset.findings import Findings
from stream.ruleset.names import ANY_EVENT
from stream.ruleset.schema_files import Vocabulary
from stream.ruleset.schema_part import suggestion


def check_vocabulary(vocabulary: Vocabulary, findings: Findings) -> None:
    """Find reserved names, unknown events under `reverses`, and aliases that stand for two events."""
    spoken_for: dict[str, str] = dict.fromkeys(vocabulary.events, "an event")
    for name, event in vocabulary.events.items():
        place = ("events", name)
        if name == ANY_EVENT:
            findings.add(
                place, f'"{ANY_EVENT}" stands for all events; give this one another name', "rule-name", key=True
            )
        for index, alias in enumerate(event.aliases):
            if alias in spoken_for and alias != name:
                message = f'"{alias}" is already {spoken_for[alias]}; an alias stands for one event'
                findings.add((*place, "aliases", index), message, "rule-name")
            spoken_for.setdefault(alias, f'an alias of "{name}"')
        if event.reverses is not None and event.reverses not in vocabulary.events:
            advice = suggestion(event.reverses, list(vocabulary.events), "add it here")
            message = f'event "{event.reverses}" is not in vocabulary.yaml; {advice}'
            findings.add((*place, "reverses"), message, "rule-name")
        elif event.reverses == name:
            findings.add((*place, "reverses"), f'"{name}" cannot take itself back; name another event', "rule-name")
        if "any_item" in event.properties:
            message = '"any_item" is a word of the language; give the property another name'
            findings.add((*place, "properties", "any_item"), message, "rule-name", key=True)
