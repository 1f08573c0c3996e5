"""The catalogue of segments as a page: what each means, who owns it, what its cases show, how many are in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from stream.ruleset.reading_aloud import rule_lines
from stream.ruleset.ruleset import DimensionRules, Ruleset, SegmentRules

Sizes = Mapping[str, int]
"""Members by `dimension.segment`."""
Wanted = Callable[[str], bool]


def catalogue(ruleset: Ruleset, sizes: Sizes | None = None, is_wanted: Wanted = lambda segment: True) -> str:
    """Return the page in Markdown; `sizes` where somebody counted, of the wanted segments only."""
    lines = ["# Segments", ""]
    for dimension in ruleset.dimensions:
        segments = [one for one in dimension.segments.values() if is_wanted(one.id)]
        if segments or (dimension.model and is_wanted(f"{dimension.id}.")):
            lines += _dimension(dimension)
            lines += [line for one in segments for line in _segment(ruleset, one, sizes)]
    audiences = [one for one in ruleset.audiences.values() if is_wanted(one.id)]
    if audiences:
        lines += ["## Audiences", "", "Each is a question of its own: in it, or not.", ""]
        lines += [line for one in audiences for line in _segment(ruleset, one, sizes)]
    return "\n".join(lines)


def _dimension(dimension: DimensionRules) -> Iterator[str]:
    yield from (f"## {dimension.title}", "", f"{dimension.question} Owner: {dimension.owner}.", "")
    if dimension.order:
        yield f"The first that fits wins: {', '.join(dimension.order)}; otherwise {dimension.otherwise}."
    if dimension.model:
        yield f"The segments come from the model {dimension.model}."
    if dimension.inside:
        yield f"Only members of {dimension.inside} have an answer."
    yield ""


def _segment(ruleset: Ruleset, segment: SegmentRules, sizes: Sizes | None) -> Iterator[str]:
    yield from (f"### {segment.title} (`{segment.id}`)", "")
    if segment.description:
        yield from (segment.description, "")
    yield f"- Owner: {segment.owner}"
    if segment.next_action:
        yield f"- Next action: {segment.next_action}"
    if not segment.is_on:
        yield "- Off: nobody is in it"
    elif sizes is not None:
        yield f"- Members: {sizes.get(segment.id, 0):,}"
    yield ""
    root = ruleset.sources[segment.file].root
    meaning = [line for line in rule_lines(root or {}) if line != "enabled: false"]
    if meaning:
        yield from ("```", *meaning, "```", "")
    elif segment.is_on:
        yield from ("Everyone whom no segment above takes.", "")
    cases = ruleset.cases.get(segment.id, ())
    if cases:
        yield from ("Cases:", "", *(f"- {case.name}" for case in cases), "")
