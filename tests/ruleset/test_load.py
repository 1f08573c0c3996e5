"""Loading a whole folder: what comes out, and that it is all or every problem."""

from __future__ import annotations

import pytest

from stream.errors import RuleError
from stream.ruleset.load import load
from stream.ruleset.spans import read_span_from_zero, span_text
from tests.ruleset.examples import EXAMPLE

DAY = 86_400_000


def test_the_twelve_files_of_the_language_load():
    ruleset = load(EXAMPLE)
    assert [dimension.id for dimension in ruleset.dimensions] == ["lifecycle", "refund_risk", "value"]
    assert len(ruleset.audiences) == 8
    assert list(ruleset.points) == ["engagement"]
    assert [case.name for case in ruleset.cases["audiences.spring_shoppers"]][
        1
    ] == "an order of June is no spring order"
    assert [note.code for note in ruleset.notes] == ["warn-one-property"]


def test_a_dimension_holds_its_segments_in_their_order_and_otherwise_last():
    lifecycle = load(EXAMPLE).dimensions[0]
    assert list(lifecycle.segments) == [*lifecycle.order, "prospect"]
    assert lifecycle.order[:2] == ("churned", "dormant")
    assert lifecycle.segments["reactivated"].only_from == ("dormant", "churned")
    assert lifecycle.segments["reactivated"].stay_at_most_ms == 30 * DAY
    assert not lifecycle.announce_first


def test_segments_take_the_defaults_of_their_dimension():
    dimension = EXAMPLE["value/dimension.yaml"] + "wait: 1h\nstay_at_least: 5d\ncooldown: 2d\ninside: lifecycle.loyal\n"
    value = load({**EXAMPLE, "value/dimension.yaml": dimension}).dimensions[2]
    vip, regular = value.segments["vip"], value.segments["regular"]
    assert (vip.wait_ms, vip.stay_at_least_ms, vip.cooldown_ms) == (3_600_000, 30 * DAY, 2 * DAY)
    assert (regular.wait_ms, regular.stay_at_least_ms, regular.cooldown_ms) == (3_600_000, 5 * DAY, 2 * DAY)
    assert value.inside == "lifecycle.loyal"


def test_a_segment_is_found_by_its_id():
    ruleset = load(EXAMPLE)
    assert ruleset.segment("value.vip").warn_before_ms == 21 * DAY
    assert ruleset.segment("audiences.coupon_hunter").id == "audiences.coupon_hunter"
    assert ruleset.segment("value.gold") is None
    assert ruleset.segment("audiences.gold") is None
    assert ruleset.segment("nothing.gold") is None


def test_later_problems_find_their_place():
    ruleset = load(EXAMPLE)
    file = "value/vip.yaml"
    assert ruleset.position(file, ("enter", "at_least")) == (7, 3)
    assert ruleset.position(file, ("enter", "at_least"), key=False) == (7, 13)
    assert ruleset.position("nothing.yaml") == (1, 1)
    problem = ruleset.problem(file, ("warn_before",), "found later", "rule-later")
    assert str(problem) == "value/vip.yaml:13:1: found later [rule-later]"


def test_one_mistake_refuses_all_of_it():
    with pytest.raises(RuleError, match=r"^value/vip.yaml:6:11: .*\[rule-span\]$"):
        load({**EXAMPLE, "value/vip.yaml": EXAMPLE["value/vip.yaml"].replace("within: 365d", "within: 365", 1)})


def test_spans_as_they_are_written():
    texts = ["1s", "90s", "1min", "90min", "1h", "36h", "1d", "90d"]
    assert [span_text(read_span_from_zero(text)) for text in texts] == texts
    assert span_text(1_234) == "1234ms"
    assert [read_span_from_zero(text) for text in ("0d", "1w")] == [0, 7 * DAY]
