"""Rule files with blanks: what `segments rules new` writes; `check` names every blank until it is filled."""

from __future__ import annotations

from collections.abc import Mapping

from stream.ruleset.json_schema import schema_comment
from stream.ruleset.layout import AUDIENCES, arrange

_SEGMENT = """\
# What stands empty is for you; `segments rules check` names what is left.
title:              # the name, for people
description:        # who is in it, in one sentence
owner:              # who decides about it
next_action:        # what to do with its members
enter:              # one condition, or several under "all" or "any":
  all:
    - did:          # an event of vocabulary.yaml
      at_least: 1
      within: 30d
"""
_CASES = """\
# At least one case in which a customer enters, and one in which one must not.
tests:
  - name: {name} is entered
    events:
      - {{at: 0d, did: }}          # an event of vocabulary.yaml, then its properties
    until: 60d
    expect:
      - {{at: , enters: {name}}}   # the full list of changes in this dimension
  - name: {name} must not be entered
    events:
      - {{at: 0d, did: }}
    until: 60d
    expect: []
"""
_DIMENSION = """\
title:              # the name of the dimension, for people
owner:              # who decides about it
question:           # the question that its segments answer
order: [{name}]     # the segment that wins first
otherwise: others   # everyone whom nobody above takes
"""
_OTHERWISE = """\
title:              # everyone else, for people
owner:              # who decides about it
"""


def blanks(segment: str, files: Mapping[str, str]) -> dict[str, str]:
    """Return the files of a new segment `dimension/name` or `audiences/name`, those of a new dimension included.

    Raises ValueError, with what to write instead, for a name that cannot be one or is taken.
    """
    folder, _, name = segment.removesuffix(".yaml").replace(".", "/").partition("/")
    path = f"{folder}/{name}.yaml"
    if [file.kind for file in arrange([path])[0]] != ["segment"]:
        raise ValueError(
            f'"{segment}" cannot be a segment; write DIMENSION/SEGMENT or audiences/NAME, in lower-case letters, '
            'digits and "_"'
        )
    if path in files:
        raise ValueError(f"{path} is there already; change it, or take another name")
    found = {path: _SEGMENT, f"{folder}/{name}.test.yaml": _CASES.format(name=name)}
    if folder != AUDIENCES and f"{folder}/dimension.yaml" not in files:
        found[f"{folder}/dimension.yaml"] = _DIMENSION.format(name=name)
        if name != "others":
            found[f"{folder}/others.yaml"] = _OTHERWISE
    return {path: schema_comment(path) + text for path, text in found.items()}
