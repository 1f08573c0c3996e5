"""A stock Faust agent doing the equal work: a table with a changelog topic, offsets committed now and then."""

from __future__ import annotations

import os

import faust
from fold import change, fold

app = faust.App(
    os.environ["PEER_GROUP"],
    broker=f"kafka://{os.environ['PEER_BOOTSTRAP']}",
    datadir=os.environ["PEER_FOLDER"],
    topic_partitions=int(os.environ["PEER_PARTITIONS"]),
    topic_replication_factor=1,
    web_enabled=False,
)
events = app.topic(os.environ["PEER_INPUT"], key_type=str, key_serializer="raw", value_serializer="json")
changes = app.topic(os.environ["PEER_OUTPUT"], value_serializer="json")
customers = app.Table("customers")


@app.agent(events)
async def count(stream: faust.Stream) -> None:
    """Work one purchase after the other."""
    async for event in stream:
        customer_id = event["customer_id"]
        state, entered = fold(customers.get(customer_id), event["properties"]["amount"])
        customers[customer_id] = state
        for rule in entered:
            await changes.send(key=customer_id, value=change(customer_id, rule, state))


if __name__ == "__main__":
    app.main()
