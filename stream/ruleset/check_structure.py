"""Whether files fit together: dimensions and their segments, and what a segment says about itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stream.ruleset.findings import Findings
from stream.ruleset.layout import AUDIENCES
from stream.ruleset.names import Names
from stream.ruleset.schema_files import DimensionFile, SegmentFile
from stream.ruleset.schema_part import suggestion
from stream.ruleset.spans import span_text

CALM_WORDS = ("enter", "stay_while", "only_from", "wait", "stay_at_least", "stay_at_most", "cooldown", "warn_before")


def check_dimension(folder: str, written: DimensionFile, names: Sequence[str], findings: Findings) -> None:
    """Find segments without a place in the order, places without a segment, and an `otherwise` that cannot be."""
    if written.model is not None:
        for name in names:
            message = f'segment "{name}" has a file, but the segments come from the model "{written.model}"; remove one'
            findings.add(("model",), message, "dimension-order")
        return
    order = written.order or ()
    for index, name in enumerate(order):
        place = ("order", index)
        if name in order[:index]:
            findings.add(place, f'segment "{name}" is twice in "order"; keep one', "dimension-order")
        elif name == written.otherwise:
            findings.add(place, f'"{name}" is "otherwise" and in "order"; remove one', "dimension-otherwise")
        elif name not in names:
            advice = suggestion(name, list(names), f"write {folder}/{name}.yaml, or remove it")
            findings.add(place, f'segment "{name}" is in "order" but has no file; {advice}', "dimension-order")
    for name in names:
        if name not in order and name != written.otherwise:
            findings.add(("order",), f'segment "{name}" has a file but no place in "order"', "dimension-order")
    if written.otherwise is not None and written.otherwise not in names:
        message = f'"otherwise" is "{written.otherwise}", which has no file; write {folder}/{written.otherwise}.yaml'
        findings.add(("otherwise",), message, "dimension-otherwise")


def check_otherwise(written: DimensionFile, segments: Mapping[str, SegmentFile], findings: Findings) -> None:
    """Find what an `otherwise` must not have: it takes everyone nobody above takes, and always keeps."""
    segment = segments.get(written.otherwise or "")
    for word in CALM_WORDS:
        if segment is not None and word in segment.model_fields_set:
            message = f'"otherwise" is "{written.otherwise}", which has an "{word}"; remove one'
            findings.add(("otherwise",), message, "dimension-otherwise")


def check_stay(default_ms: int | None, segment: SegmentFile, findings: Findings) -> None:
    """Find a longest stay that is shorter than the least one (ms) that the dimension sets for its segments."""
    most_ms = segment.stay_at_most
    if default_ms is None or most_ms is None or segment.stay_at_least is not None or most_ms >= default_ms:
        return
    least = f"stay_at_least ({span_text(default_ms)}) of dimension.yaml"
    message = f"stay_at_most ({span_text(most_ms)}) is shorter than {least}"
    findings.add(("stay_at_most",), message, "rule-stay", key=True)


def check_inside(folder: str, inside: str, names: Names, findings: Findings) -> None:
    """Find an `inside` that is no segment of another dimension."""
    problem = names.segment_problem(inside)
    if problem is None and inside.partition(".")[0] == folder:
        problem = f'"{inside}" is of this dimension itself; name a segment of another one'
    if problem is not None:
        findings.add(("inside",), problem, "rule-name")


def check_segment(
    folder: str, name: str, written: SegmentFile, siblings: Sequence[str], *, needs_enter: bool, findings: Findings
) -> None:
    """Find a missing `enter`, and what stands where it has no meaning. `siblings` are the segments beside it."""
    if needs_enter and written.stay_while is not None:
        findings.add(("stay_while",), '"stay_while" without "enter"; nobody can come in', "rule-missing", key=True)
    elif needs_enter and written.enabled:
        findings.add((), '"enter" is missing; say who comes in, or write "enabled: false"', "rule-missing")
    if written.only_from is None:
        return
    if folder == AUDIENCES:
        message = '"only_from" is for dimensions; an audience has one segment and an outside'
        findings.add(("only_from",), message, "rule-key", key=True)
        return
    if not written.only_from:
        message = "the list is empty, so nobody can come in; name segments, or leave it out"
        findings.add(("only_from",), message, "rule-value")
    for index, source in enumerate(written.only_from):
        if source == name:
            message = f'"{name}" cannot be entered from itself; remove it'
            findings.add(("only_from", index), message, "rule-name")
        elif source not in siblings:
            advice = suggestion(source, list(siblings), "name a segment of this dimension")
            message = f'segment "{folder}.{source}" does not exist; {advice}'
            findings.add(("only_from", index), message, "rule-name")
