"""The twelve example files of the language, word for word, and the segments that they speak of."""

from __future__ import annotations

from stream.errors import RuleError
from stream.ruleset.load import load
from stream.ruleset.schema import Condition

TWELVE: dict[str, str] = {
    "vocabulary.yaml": """\
zone: Europe/Lisbon
currency: EUR
events:
  order_placed:
    title: An order was paid
    aliases: [Order Completed, purchase]
    properties: {order_id: text, cart_id: text, amount: money, category: text, coupon: text, items: list}
  order_refunded:
    title: Money went back
    reverses: order_placed
    properties: {order_id: text, amount: money}
  cart_updated: {title: Something went into the cart, properties: {cart_id: text, value: money}}
  product_viewed: {title: Looked at a product, properties: {product_id: text, category: text}}
  message_sent: {title: We wrote, properties: {channel: text, status: text}}
  message_clicked: {title: Clicked in a message, properties: {channel: text}}
  support_contacted: {title: Wrote to support, sent: false, properties: {topic: text}}
traits:
  plan: {title: Membership plan, type: text}
  renews_on: {title: Plan renews on, type: date}
  birthday: {title: Birthday, type: date}
  interests: {title: Chosen interests, type: list}
  postcode: {title: Postcode, type: text, path: [address, post code]}
lists:
  store_openings: {title: Asked to hear of new stores}
consents:
  email: {title: Marketing by e-mail, unless_told: not_given}
places:
  flagship_store: {lat: 38.7139, lon: -9.1394}
""",
    "lifecycle/dimension.yaml": """\
title: Lifecycle
owner: retention
question: Where is this customer on the way with us?
order: [churned, dormant, at_risk, reactivated, loyal, new, active, intent]
otherwise: prospect
""",
    "lifecycle/dormant.yaml": """\
title: Dormant
description: Much quieter than this customer usually is.
owner: retention
next_action: Offer something new from the main category
enter:
  all:
    - did: order_placed
    - did_not: order_placed
      within: {personal_gaps: 3.5, at_least: 30d}
""",
    "lifecycle/reactivated.yaml": """\
title: Reactivated
owner: retention
only_from: [dormant, churned]
enter:
  did: order_placed
  within: 30d
stay_at_most: 30d
""",
    "value/vip.yaml": """\
title: VIP
owner: loyalty team
next_action: Personal contact within two days
enter:
  sum: order_placed.amount
  within: 365d
  at_least: {bar: value.vip}
stay_while:
  sum: order_placed.amount
  within: 365d
  at_least: {bar: value.vip, percent: 80}
stay_at_least: 30d
warn_before: 21d
""",
    "audiences/cart_left_behind.yaml": """\
title: Cart left behind
owner: checkout team
enter:
  all:
    - sequence:
        - {did: cart_updated, where: {value: {above: 20}}}
        - {did_not: order_placed, for: 3h}
      per: cart_id
      within: 5d
    - did_not: cart_updated
      within: 3h
    - consent: email
cooldown: 4d
holdout_percent: 5
""",
    "audiences/decided_quickly.yaml": """\
title: Decided quickly
owner: growth
enter:
  all:
    - sequence:
        - product_viewed
        - {did: cart_updated, max_gap: 2h}
        - {did: order_placed, where: {amount: {between: [40, 400]}}, max_gap: 1d}
      within: 14d
    - first_time: order_placed
      within: 14d
    - did: product_viewed
      at_most: 5
      within: 14d
""",
    "audiences/steady_gardener.yaml": """\
title: Steady gardener
owner: category garden
enter:
  all:
    - regularly: order_placed
      at_least: 1
      every: 6w
      in_at_least: 4
      of_last: 5
    - most_frequent: order_placed.category
      within: 300d
      is: garden
    - average: order_placed.amount
      within: 300d
      at_least: 35
    - distinct: order_placed.category
      at_most: 3
    - largest: order_placed.amount
      below: 900
    - smallest: order_placed.amount
      above: 5
    - first_value: order_placed.category
      is: garden
    - last_value: order_placed.coupon
      is_not: WELCOME
""",
    "audiences/coupon_hunter.yaml": """\
title: Coupon hunter
owner: pricing
enter:
  all:
    - share: order_placed
      where: {coupon: {exists: true}}
      within: 200d
      at_least: 0.7
      of_at_least: 4
    - did: order_placed
      where:
        any_item: {category: [sale, outlet], quantity: {at_least: 2}}
      at_least: 2
    - points: engagement
      at_least: 15
stay_while:
  share: order_placed
  where: {coupon: {exists: true}}
  within: 200d
  at_least: 0.55
  of_at_least: 4
wait: 12h
""",
    "points/engagement.yaml": """\
title: Engagement
owner: growth
add:
  - give: 1
    when: {everyone: true}
  - give: 10
    when: {did: message_clicked, at_least: 2, within: 21d}
  - give: 5
    when: {did: "message_*", during: this_month}
  - give: -20
    when: {last_event: message_sent, where: {channel: email}, has: {status: {one_of: [bounced, blocked]}}}
""",
    "audiences/renewal_talk.yaml": """\
title: Renewal talk
owner: memberships
enter:
  all:
    - trait: plan
      one_of: [family, studio]
      for: 60d
    - any:
        - {trait: renews_on, within_next: 10d}
        - {trait: birthday, anniversary: this_week}
        - {trait: interests, has_any: [workshops, events]}
    - not:
        trait: postcode
        starts_with: "90"
    - not: {today: {weekday: [saturday, sunday]}}
""",
    "audiences/back_from_a_break.yaml": """\
title: Back from a break, near the store
owner: stores
enter:
  all:
    - any:
        - {restarted: order_placed, quiet_for: 120d, again_within: 20d}
        - {stopped: product_viewed, did_within: 50d, quiet_for: 15d}
    - any:
        - {near: flagship_store, km: 15}
        - {in_list: store_openings}
    - {bucket: store_invitation, percent: 50}
""",
    "audiences/save_this_one.yaml": """\
title: Save this one
owner: retention
enter:
  all:
    - in_segment: lifecycle.at_risk
      for: 3d
    - score: churn_probability
      at_least: 0.65
    - any:
        - {in_segment: value.vip}
        - {score: clv_12m, above: 350}
    - not: {in_segment: refund_risk.flagged}
stay_while:
  score: churn_probability
  at_least: 0.5
on_rule_change: announce
""",
    "audiences/spring_shoppers.yaml": """\
title: Spring shoppers, thank-you pending
owner: brand
enter:
  all:
    - did: order_placed
      from: 2026-03-01
      to: 2026-05-31
    - did: order_placed
      within: 8d
      older_than: 2d
""",
    "audiences/spring_shoppers.test.yaml": """\
tests:
  - name: two days after the order we say thank you, for six days
    starts: 2026-04-10T09:00+01:00
    events:
      - {at: 0d, did: order_placed, order_id: a, amount: 55}
    until: 30d
    expect:
      - {at: 2d, enters: spring_shoppers}
      - {at: 8d, leaves: spring_shoppers}
  - name: an order of June is no spring order
    starts: 2026-06-01T00:00+01:00
    events:
      - {at: 0d, did: order_placed, order_id: b, amount: 55}
    until: 30d
    expect: []
  - name: an order that reaches us three days late is thanked at once
    starts: 2026-04-10T09:00+01:00
    events:
      - {at: 0d, traits: {plan: family}}
      - {at: 4d, occurred: 1d, did: order_placed, order_id: c, amount: 55}
    until: 30d
    expect:
      - {at: 4d, enters: spring_shoppers}
      - {at: 9d, leaves: spring_shoppers}
""",
}

_STUB = "title: Stub\nowner: nobody\nenter: {everyone: true}\n"
_OTHERWISE = "title: Stub\nowner: nobody\n"


def _dimension(order: str, otherwise: str) -> str:
    return f"title: Stub\nowner: nobody\nquestion: Which?\norder: [{order}]\notherwise: {otherwise}\n"


STUBS: dict[str, str] = {
    **{f"lifecycle/{name}.yaml": _STUB for name in ("churned", "at_risk", "loyal", "new", "active", "intent")},
    "lifecycle/prospect.yaml": _OTHERWISE,
    "value/dimension.yaml": _dimension("vip", "regular"),
    "value/regular.yaml": _OTHERWISE,
    "refund_risk/dimension.yaml": _dimension("flagged", "fine"),
    "refund_risk/flagged.yaml": _STUB,
    "refund_risk/fine.yaml": _OTHERWISE,
}
EXAMPLE: dict[str, str] = {**TWELVE, **STUBS}
VOCABULARY = TWELVE["vocabulary.yaml"]


def audience(enter: str, *, name: str = "a", **more: str) -> dict[str, str]:
    """Return files with the example vocabulary and one audience: title and owner are lines 1 and 2, then `enter`."""
    rest = "".join(f"{word}: {value}\n" for word, value in more.items())
    return {"vocabulary.yaml": VOCABULARY, f"audiences/{name}.yaml": f"title: A\nowner: us\n{enter}\n{rest}"}


def problems_of(files: dict[str, str], *, are_cases_required: bool = False) -> list[str]:
    """Return every problem of the files as it is shown, or nothing if they load."""
    try:
        load(files, are_cases_required=are_cases_required)
    except RuleError as error:
        return [str(problem) for problem in error.problems]
    return []


def problems_in(condition: str) -> list[str]:
    """Return the problems of a condition in the flow style; it begins at line 3, column 8."""
    found = problems_of(audience(f"enter: {condition}"))
    return [problem.removeprefix("audiences/a.yaml:3:") for problem in found]


def read_condition(condition: str) -> Condition:
    """Return the model of a condition in the flow style."""
    enter = load({**EXAMPLE, **audience(f"enter: {condition}")}).audiences["a"].enter
    assert enter is not None
    return enter
