"""Pathway tables doing the equal work: what is read is persisted in files, one change per customer and rule.

Persisting the state of operators (`OPERATOR_PERSISTING`) asks for a licence key; the free mode keeps the input and
works it again after a restart.

What happens within one of its small batches is one update, so a change cannot show count, sum and last of its own event
without a stream of corrections: only customer and rule are published.
"""

from __future__ import annotations

import os

import pathway as pw
from fold import BIG_SUM, LAST, REGULAR_COUNT

SETTINGS = {
    "bootstrap.servers": os.environ["PEER_BOOTSTRAP"],
    "group.id": os.environ["PEER_GROUP"],
    "auto.offset.reset": "earliest",
}


class Purchase(pw.Schema):
    """The part of an event that is read."""

    customer_id: str
    amount: int


def main() -> None:
    """Run until SIGTERM."""
    events = pw.io.kafka.read(
        SETTINGS,
        topic=os.environ["PEER_INPUT"],
        schema=Purchase,
        format="json",
        json_field_paths={"amount": "/properties/amount"},
        autocommit_duration_ms=100,
        name="purchases",
    )
    totals = events.groupby(pw.this.customer_id).reduce(
        pw.this.customer_id,
        count=pw.reducers.count(),
        sum=pw.reducers.sum(pw.this.amount),
        last=pw.reducers.latest(pw.this.amount),
    )
    is_big = (pw.this.sum >= BIG_SUM) & (pw.this.last >= LAST)
    regular = totals.filter(pw.this.count >= REGULAR_COUNT).select(pw.this.customer_id, rule="regular")
    big = totals.filter(is_big).select(pw.this.customer_id, rule="big_spender")
    for name, changes in {"regular": regular, "big": big}.items():
        pw.io.kafka.write(changes, SETTINGS, topic_name=os.environ["PEER_OUTPUT"], format="json", name=name)
    backend = pw.persistence.Backend.filesystem(os.environ["PEER_FOLDER"])
    pw.run(
        persistence_config=pw.persistence.Config(backend, snapshot_interval_ms=1_000),
        monitoring_level=pw.MonitoringLevel.NONE,
    )


if __name__ == "__main__":
    main()
