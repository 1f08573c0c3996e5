"""The equal work on one customer in plain Python: running count, sum and last, and two threshold rules.

Peers that run Python import this file beside them; their virtual environments have nothing else of this project.
"""

from __future__ import annotations

REGULAR_COUNT = 3
BIG_SUM = 150
LAST = 1

State = list[int]
"""Count, sum and last amount."""


def fold(state: State | None, amount: int) -> tuple[State, list[str]]:
    """Return the state after a purchase, and which rules the customer entered by it."""
    count, total, last = state or (0, 0, 0)
    after = [count + 1, total + amount, amount]
    entered = []
    if after[0] >= REGULAR_COUNT > count:
        entered.append("regular")
    if after[1] >= BIG_SUM and after[2] >= LAST and not (total >= BIG_SUM and last >= LAST):
        entered.append("big_spender")
    return after, entered


def change(customer_id: str, rule: str, state: State) -> dict[str, object]:
    """Return what is published about a change."""
    return {"customer_id": customer_id, "rule": rule, "count": state[0], "sum": state[1], "last": state[2]}
