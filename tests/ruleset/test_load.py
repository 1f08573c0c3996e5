"""Loading a whole folder: what comes out, and that it is all or every problem."""

from __future__ import annotations

from stream.ruleset.load import load
from tests.ruleset.examples import EXAMPLE


def test_the_twelve_files_of_the_language_load():
    ruleset = load(EXAMPLE)
    assert [dimension.id for dimension in ruleset.dimensions] == ["lifecycle", "refund_risk", "value"]
    assert len(ruleset.audiences) == 8
