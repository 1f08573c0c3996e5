"""A quixstreams application doing the equal work: state in RocksDB with a changelog topic."""

from __future__ import annotations

import os
from typing import Any

from fold import change, fold
from quixstreams import Application, State


def _work(event: dict[str, Any], state: State) -> list[dict[str, object]]:
    after, entered = fold(state.get("totals"), event["properties"]["amount"])
    state.set("totals", after)
    return [change(event["customer_id"], rule, after) for rule in entered]


def main() -> None:
    """Run until SIGTERM."""
    app = Application(
        os.environ["PEER_BOOTSTRAP"],
        consumer_group=os.environ["PEER_GROUP"],
        auto_offset_reset="earliest",
        state_dir=os.environ["PEER_FOLDER"],
        processing_guarantee=os.environ["PEER_GUARANTEE"],
        loglevel="WARNING",
    )
    events = app.topic(os.environ["PEER_INPUT"], key_deserializer="str", value_deserializer="json")
    changes = app.topic(os.environ["PEER_OUTPUT"], key_serializer="str", value_serializer="json")
    app.dataframe(events).apply(_work, stateful=True, expand=True).to_topic(changes)
    app.run()


if __name__ == "__main__":
    main()
