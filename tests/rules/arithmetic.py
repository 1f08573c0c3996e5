"""The lifecycle by plain arithmetic: one customer at a time, straight from the sentences, with no engine."""

from __future__ import annotations

from collections import defaultdict

from tests.rules.snapshots import CustomerDay, Snapshot, at_ms

DAY_MS = 86_400_000


def silence_ms(days: list[int], gap_mean_ms: int, factor: float, floor_days: int) -> float:
    """How long this customer may be quiet before the state of `factor` and `floor_days` begins."""
    gap_ms = (2 * gap_mean_ms + days[-1] - days[0]) // (1 + len(days))
    return max(factor * gap_ms, floor_days * DAY_MS)


def reactivated_since_ms(days: list[int], gap_mean_ms: int) -> int | None:
    """When the customer last came back from being dormant, if ever, with no day at risk after it."""
    since = None
    for place in range(1, len(days)):
        before, quiet = days[:place], days[place] - days[place - 1]
        if quiet > silence_ms(before, gap_mean_ms, 3.5, 30):
            since = days[place]
        elif quiet > silence_ms(before, gap_mean_ms, 2, 14):
            since = None
    return since


def state(days: list[int], gap_mean_ms: int, as_of_ms: int) -> str:
    """The lifecycle of a customer with orders on these days, what is due at `as_of_ms` included."""
    quiet = as_of_ms - days[-1]
    for name, factor, floor_days in (("churned", 6, 90), ("dormant", 3.5, 30), ("at_risk", 2, 14)):
        if quiet >= silence_ms(days, gap_mean_ms, factor, floor_days):
            return name
    back = reactivated_since_ms(days, gap_mean_ms)
    if back is not None and as_of_ms < back + 30 * DAY_MS:
        return "reactivated"
    return "loyal" if len(days) >= 4 else "new" if len(days) == 1 else "active"


def states(found: list[CustomerDay], snapshot: Snapshot) -> dict[str, str]:
    """Return the state of each customer as of the snapshot's instant."""
    days: defaultdict[str, list[int]] = defaultdict(list)
    for customer, day in found:
        if at_ms(day) <= snapshot.as_of_ms:
            days[customer].append(at_ms(day))
    gap_mean_ms, as_of_ms = snapshot.personal_gap_mean_ms, snapshot.as_of_ms
    return {customer: state(each, gap_mean_ms, as_of_ms) for customer, each in days.items()}
