"""One made-up visit and what follows from it, as timed canonical events.

The shares are those of public shop logs: 2.6 carts and 0.84 orders per 100 looks, 32.4 orders per 100 carts (2.8
million events); six events a visit with a median of three, 75 seconds apart, and most orders a day after the cart
(815 visitors of a marketplace); refunds and their size as in Online Retail. How often support is asked is a guess.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import accumulate
from math import log
from random import Random
from typing import Any

MINUTE_MS = 60_000
SOURCE = "traffic"

# of all visits
BOT_SHARE = 0.0004
CART_SHARE = 0.132
SUPPORT_SHARE = 0.006
SEARCH_SHARE = 0.12
# of visits with a cart: 30 % of the orders come at once; some only go to the till
ORDER_NOW_SHARE = 0.117
ORDER_LATER_SHARE = 0.272
CHECKOUT_SHARE = 0.25
SECOND_ITEM_SHARE = 0.2
# of orders
REFUND_SHARE = 0.197
WHOLE_REFUND_SHARE = 0.15
COUPON_SHARE = 0.15
# of visits by new customers, how many are a first one
FIRST_VISIT_SHARE = 0.5

BOTS = 3
BOT_LOOKS = 800
BOT_GAP_MS = 2_500
LONGEST_MS = 58 * MINUTE_MS
_LOG_GAP_MS = log(75_000)
MOST_LOOKS = 80
_LOG_LOOKS = log(2.5)
_LOG_VALUE = log(6_000)
PRODUCTS = 4_000
CATEGORIES = ("garden", "kitchen", "lighting", "toys", "stationery", "bags", "seasonal", "bath")
CHANNELS = ("web", "web", "web", "app", "app", "store")
TOPICS = ("delivery", "return", "product", "complaint")
COUNTRIES = ("United Kingdom", "United Kingdom", "United Kingdom", "Germany", "France", "Spain")
PLANS = ("free", "free", "free", "family")

Event = dict[str, Any]
Timed = tuple[int, Event]
Step = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Visit:
    """What is decided about a visit when it begins; the details follow from `key`."""

    name: str
    key: int
    customer: str
    start_ms: int
    looks: int
    has_cart: bool
    orders_now: bool
    orders_later: bool
    refunded_share: float
    value_minor: int
    currency: str

    @property
    def amount_minor(self) -> int:
        """What the order of this cart costs: the cart, less ten per cent with a coupon."""
        return self.value_minor * 9 // 10 if self.coupon else self.value_minor

    @property
    def coupon(self) -> str:
        """The coupon of the order, or nothing."""
        return "TEN" if self.key % 1_000 < COUPON_SHARE * 1_000 else ""


def visit(chance: Random, customer: str, start_ms: int, name: str, currency: str) -> Visit:
    """Draw one visit that begins somewhere in the minute after `start_ms`."""
    draw = chance.random
    key = chance.getrandbits(60)
    is_bot = draw() < BOT_SHARE
    has_cart = draw() < CART_SHARE and not is_bot
    fate, refund_fate, looks = draw(), draw(), int(chance.lognormvariate(_LOG_LOOKS, 1.2))
    orders_now = has_cart and fate < ORDER_NOW_SHARE
    orders_later = has_cart and not orders_now and fate < ORDER_NOW_SHARE + ORDER_LATER_SHARE
    return Visit(
        name=name,
        key=key,
        customer=f"bot-{key % BOTS + 1}" if is_bot else customer,
        start_ms=start_ms + key // 1_000 % MINUTE_MS,
        looks=BOT_LOOKS if is_bot else min(1 + looks, MOST_LOOKS),
        has_cart=has_cart,
        orders_now=orders_now,
        orders_later=orders_later,
        refunded_share=_refunded_share(refund_fate) if orders_now or orders_later else 0.0,
        value_minor=500 + int(chance.lognormvariate(_LOG_VALUE, 0.9)),
        currency=currency,
    )


def _refunded_share(fate: float) -> float:
    """How much of an order goes back: nothing of most, a small part of some, the whole of a few."""
    if fate >= REFUND_SHARE:
        return 0.0
    within = fate / REFUND_SHARE
    return 1.0 if within < WHOLE_REFUND_SHARE else 0.05 + 0.35 * within


def browse(visit: Visit) -> list[Timed]:
    """The events of the visit itself, in the order of time."""
    chance = Random(visit.key)
    channel = CHANNELS[visit.key % len(CHANNELS)]
    steps = _steps(visit, chance, channel)
    times = _times(visit, chance, len(steps))
    timed = [_timed(visit, number, at_ms, step) for number, (at_ms, step) in enumerate(zip(times, steps, strict=True))]
    if visit.customer.startswith("n-"):
        timed[0][1]["traits"] = _traits(int(visit.customer[2:]))
    return timed


def _steps(visit: Visit, chance: Random, channel: str) -> list[Step]:
    """Names and properties of the events of a visit."""
    draw = chance.random
    category = CATEGORIES[int(len(CATEGORIES) * draw() * draw())]
    steps = [_look(draw, category, channel) for _ in range(visit.looks)]
    if draw() < SEARCH_SHARE:
        steps.insert(0, _search(visit, draw, category, channel))
    if visit.has_cart:
        product = steps[-1][1].get("product_id", "p0")
        steps += [_cart(visit, product, category, channel)] * (2 if draw() < SECOND_ITEM_SHARE else 1)
        if visit.orders_now or draw() < CHECKOUT_SHARE:
            steps.append(_checkout(visit, channel))
        if visit.orders_now:
            steps.append(_order(visit, category, channel))
    if draw() < SUPPORT_SHARE:
        steps.append(("support_contacted", {"topic": TOPICS[int(len(TOPICS) * draw())], "channel": channel}))
    return steps


def _search(visit: Visit, draw: Callable[[], float], category: str, channel: str) -> Step:
    results = int(draw() * 60)
    return "search", {"query": category, "results": results, "session_id": f"s-{visit.name}", "channel": channel}


def _look(draw: Callable[[], float], category: str, channel: str) -> Step:
    product = int(PRODUCTS * draw() * draw())
    return "product_viewed", {"product_id": f"p{product}", "category": category, "channel": channel}


def _cart(visit: Visit, product: str, category: str, channel: str) -> Step:
    properties = {
        "cart_id": f"c-{visit.name}",
        "value": money(visit.value_minor),
        "product_id": product,
        "category": category,
        "channel": channel,
    }
    return "cart_updated", properties


def _checkout(visit: Visit, channel: str) -> Step:
    return "checkout_started", {"cart_id": f"c-{visit.name}", "value": money(visit.value_minor), "channel": channel}


def _order(visit: Visit, category: str, channel: str) -> Step:
    properties = {
        "order_id": f"o-{visit.name}",
        "cart_id": f"c-{visit.name}",
        "amount": money(visit.amount_minor),
        "currency": visit.currency,
        "category": category,
        "channel": channel,
    }
    if visit.coupon:
        properties["coupon"] = visit.coupon
    return "order_placed", properties


def come_back(visit: Visit, minute: int) -> list[Timed]:
    """The later visit that orders what was left in the cart: a look, the till, the order, within one minute."""
    channel = CHANNELS[visit.key // 7 % len(CHANNELS)]
    category = CATEGORIES[visit.key // 11 % len(CATEGORIES)]
    look = {"product_id": f"p{visit.key % PRODUCTS}", "category": category, "channel": channel}
    steps: list[Step] = [("product_viewed", look), _checkout(visit, channel), _order(visit, category, channel)]
    start_ms = minute * MINUTE_MS + visit.key // 13 % (MINUTE_MS // 2)
    return [_timed(visit, f"back-{n}", start_ms + n * 9_500, step) for n, step in enumerate(steps)]


def refund(visit: Visit, minute: int) -> Timed:
    """The refund of the order of this visit, whenever that was placed."""
    amount_minor = max(1, int(visit.amount_minor * visit.refunded_share))
    properties = {
        "order_id": f"o-{visit.name}",
        "amount": money(amount_minor),
        "currency": visit.currency,
        "reason": "returned",
        "channel": "store",
    }
    at_ms = minute * MINUTE_MS + visit.key // 17 % MINUTE_MS
    return _timed(visit, "refund", at_ms, ("order_refunded", properties))


def money(amount_minor: int) -> str:
    """Minor units as decimal text with two places."""
    return f"{amount_minor // 100}.{amount_minor % 100:02d}"


def _times(visit: Visit, chance: Random, count: int) -> list[int]:
    """When the events of a visit happen: it never lasts longer than `LONGEST_MS`."""
    if visit.looks == BOT_LOOKS:
        return [visit.start_ms + BOT_GAP_MS * number for number in range(count)]
    draw = chance.lognormvariate
    offsets = list(accumulate([draw(_LOG_GAP_MS, 1.0) for _ in range(count - 1)], initial=0.0))
    squeeze = min(1.0, LONGEST_MS / offsets[-1]) if offsets[-1] else 1.0
    return [visit.start_ms + int(offset * squeeze) for offset in offsets]


def _timed(visit: Visit, part: str | int, at_ms: int, step: Step) -> Timed:
    name, properties = step
    event = {
        "event_id": f"{visit.name}-{part}",
        "source": SOURCE,
        "name": name,
        "customer_id": visit.customer,
        "occurred_at": f"{_minute_text(at_ms // MINUTE_MS)}{at_ms // 1_000 % 60:02d}.{at_ms % 1_000:03d}Z",
        "properties": properties,
    }
    return at_ms, event


@lru_cache(maxsize=4_096)
def _minute_text(minute: int) -> str:
    # most events share their minute with others; formatting the whole instant each time would be half the work
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%M:")


def _traits(number: int) -> dict[str, str]:
    return {"country": COUNTRIES[number % len(COUNTRIES)], "plan": PLANS[number // 6 % len(PLANS)]}
