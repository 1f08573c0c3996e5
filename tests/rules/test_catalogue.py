"""The catalogue that is shipped: what is on, what is off and why; all of it is right on the day it is switched on."""

from __future__ import annotations

import json
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from stream.adapters.files import read_rules
from stream.core.plan import Plan
from stream.ruleset.cases import play_cases
from stream.ruleset.compile import compile_plan
from stream.ruleset.load import load
from stream.ruleset.ruleset import Ruleset
from tests.core.agreement import plan_of
from tests.core.side_by_side import played
from tests.oracle.load import load_rules
from tests.oracle.story import at_ms, did
from tests.rules.switched_on import switched_on

FOLDER = Path(__file__).parents[2] / "rules"
DIMENSIONS = {
    "acquisition", "age_stage", "channel", "churn_risk", "clusters", "company_size", "device", "engagement",
    "lifecycle", "main_category", "membership", "need", "operating_system", "payment_risk", "refund_risk", "region",
    "relationship", "rfm", "role", "satisfaction", "session", "stage", "subscription", "support", "temperament",
    "value",
}  # fmt: skip
AUDIENCES = {
    "birthday_week", "cart_abandoned_10min", "cart_abandoned_24h", "cart_left_behind", "core_customers",
    "coupon_not_redeemed", "first_order_welcome", "help_wanted", "high_future_value", "high_value_high_churn",
    "likely_to_buy", "price_drop_viewer", "review_request", "second_purchase_nudge", "vip_about_to_leave",
    "waits_at_the_till", "win_back",
}  # fmt: skip
NOT_SENT = {
    "acquisition.advertising", "acquisition.email", "acquisition.referral", "acquisition.search", "acquisition.social",
    "age_stage.midlife", "age_stage.senior", "age_stage.young", "audiences.birthday_week",
    "audiences.coupon_not_redeemed", "audiences.help_wanted",
    "audiences.price_drop_viewer", "company_size.large", "company_size.medium",
    "company_size.small", "device.computer", "device.phone", "device.tablet", "need.free_shipping_seeker",
    "operating_system.android", "operating_system.ios", "operating_system.macos", "operating_system.windows",
    "payment_risk.flagged", "payment_risk.watch", "role.buyer", "role.decision_maker", "role.user",
    "satisfaction.happy", "subscription.lapsed", "subscription.past_due", "subscription.paying",
    "subscription.renewal_due", "subscription.trial",
}  # fmt: skip
NEEDS_MODELS = {
    "audiences.high_future_value", "audiences.high_value_high_churn", "audiences.likely_to_buy", "churn_risk.high",
    "churn_risk.low", "churn_risk.medium", "refund_risk.flagged", "rfm.about_to_sleep", "rfm.at_risk", "rfm.cant_lose",
    "rfm.champions", "rfm.hibernating", "rfm.loyal", "rfm.need_attention", "rfm.new", "rfm.potential_loyalist",
    "rfm.promising",
}  # fmt: skip


@cache
def shipped() -> Ruleset:
    """Return the rules as they are shipped, cases and all."""
    return load(read_rules(FOLDER), are_cases_required=True)


@cache
def everything_on() -> tuple[Ruleset, Plan]:
    """Return the rules as they will be, with their cases."""
    parsed = switched_on(load_rules(FOLDER))
    files = read_rules(FOLDER) | {path: json.dumps(about, default=str) for path, about in parsed.items()}
    ruleset = load(files, are_cases_required=True)
    return ruleset, compile_plan(ruleset, "all on")


def test_every_question_of_the_catalogue_is_there() -> None:
    assert {one.id for one in shipped().dimensions} == DIMENSIONS
    assert set(shipped().audiences) == AUDIENCES


def test_off_is_what_the_shop_does_not_send_and_what_needs_the_models() -> None:
    off = {one.id for one in shipped().all_segments() if not one.is_on}
    assert off == NOT_SENT | NEEDS_MODELS
    assert {one.id for one in shipped().all_segments() if not one.written.enabled} == NEEDS_MODELS


def test_each_segment_that_is_off_for_want_of_an_event_or_a_trait_says_so() -> None:
    said = {note.file.removesuffix(".yaml").replace("/", ".") for note in shipped().notes if note.code == "segment-off"}
    assert said >= NOT_SENT
    assert {each for each in said - NOT_SENT if not each.startswith("points.")} == set()


def test_nothing_else_is_worth_a_note_but_that_value_rests_on_amounts_alone() -> None:
    others = [(note.file, note.code) for note in shipped().notes if note.code != "segment-off"]
    assert others == [("value/dimension.yaml", "warn-one-property")]


def test_every_segment_has_an_owner_a_description_and_a_next_action() -> None:
    for one in shipped().all_segments():
        assert one.owner, one.id
        assert one.description, one.id
        assert one.next_action, one.id


def test_every_segment_has_cases_also_who_takes_everybody_else() -> None:
    assert {one.id for one in shipped().all_segments() if not shipped().cases.get(one.id)} == set()


def test_cases_of_what_is_off_are_not_played_and_all_others_pass() -> None:
    results = list(play_cases(shipped(), compile_plan(shipped(), "shipped")))
    assert [(one.file, one.name, one.differences) for one in results if one.differences] == []
    assert {one.segment.partition(".")[0] for one in results if one.is_off} >= {"rfm", "subscription", "acquisition"}


def test_every_case_passes_on_the_engine_when_everything_is_sent_and_published() -> None:
    results = list(play_cases(*everything_on()))
    assert len(results) > 300
    assert [(one.file, one.name, one.differences) for one in results if one.differences or one.is_off] == []


def test_a_newcomer_who_looks_at_a_product_makes_no_noise_beyond_the_lifecycle() -> None:
    rules = load_rules(FOLDER)
    records = [did(0, "product_viewed", product_id="p1", category="garden", channel="web")]
    found = played(json.loads(json.dumps(rules, default=str)), records, None)[1]
    assert [(one.dimension, one.entered) for one in found] == [("lifecycle", "prospect")]


@pytest.mark.parametrize(("recency", "frequency"), list(product(range(1, 6), repeat=2)))
def test_each_cell_of_rfm_has_exactly_one_name(recency: int, frequency: int) -> None:
    ruleset, _ = everything_on()
    named = [one for one in ruleset.all_segments() if one.dimension == "rfm" and one.enter is not None]
    cell = {"rfm_recency": recency, "rfm_frequency": frequency}
    assert len([one for one in named if fits(one.written.enter, cell)]) == 1


def fits(condition: Any, cell: dict[str, int]) -> bool:
    """Tell whether two scores fit `all` of two ranges, by nothing but the numbers that are written."""
    for asked in condition.all:
        low, high = asked.count.value, asked.count.high if asked.count.op == "between" else asked.count.value
        if not low <= cell[asked.score] <= high:
            return False
    return True


def test_the_clusters_have_no_answer_until_a_bundle_is_published() -> None:
    plan = plan_of(read_rules(FOLDER))
    assert "clusters" not in {one.name for one in plan.dimensions}


TOUCHES = {
    "cart_updated", "checkout_started", "message_clicked", "message_opened", "order_placed", "order_refunded",
    "page_viewed", "product_viewed", "rating_given", "search", "shipping_chosen", "support_contacted",
    "survey_answered",
}  # fmt: skip
NOT_THE_CUSTOMER = {"chargeback", "coupon_given", "message_sent", "order_cancelled", "payment_failed", "price_dropped"}


@pytest.mark.parametrize("points", ["touches_30d", "touches_90d", "touches_ever"])
def test_each_event_is_a_touch_or_nothing_that_the_customer_did(points: str) -> None:
    rules = load_rules(FOLDER)
    lines = {line["when"]["did"] for line in rules[f"points/{points}.yaml"]["add"]}
    assert lines == TOUCHES
    assert set(rules["vocabulary.yaml"]["events"]) == TOUCHES | NOT_THE_CUSTOMER


@pytest.mark.parametrize("name", sorted(TOUCHES))
def test_any_touch_every_ten_days_keeps_a_customer_engaged(name: str) -> None:
    parsed = json.loads(json.dumps(switched_on(load_rules(FOLDER)), default=str))
    more = {"order_refunded": {"amount": 1}}.get(name, {})
    records = [did(86_400 * day, name, order_id=str(day), **more) for day in range(0, 130, 10)]
    found = [one for one in played(parsed, records, at_ms(86_400 * 149))[1] if one.dimension == "engagement"]
    assert found == []
    later = [one for one in played(parsed, records, at_ms(86_400 * 300))[1] if one.dimension == "engagement"]
    assert [(one.entered, one.at) for one in later] == [
        ("cooling", at_ms(86_400 * 150)),
        ("silent", at_ms(86_400 * 210)),
    ]


@pytest.mark.parametrize("name", sorted(NOT_THE_CUSTOMER - {"order_cancelled"}))
def test_what_is_done_to_a_customer_is_no_touch(name: str) -> None:
    parsed = json.loads(json.dumps(switched_on(load_rules(FOLDER)), default=str))
    records = [did(0, "product_viewed", product_id="p1"), did(86_400 * 20, name)]
    found = [one for one in played(parsed, records, at_ms(86_400 * 60))[1] if one.dimension == "engagement"]
    assert [(one.entered, one.at) for one in found] == [("cooling", at_ms(86_400 * 30))]
