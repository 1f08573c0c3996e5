"""A bytewax dataflow doing the equal work: snapshots of state and positions in SQLite, every ten seconds."""

from __future__ import annotations

import os
from collections.abc import Iterable

import bytewax.operators as op
import orjson
from bytewax.connectors.kafka import KafkaSinkMessage, KafkaSourceMessage
from bytewax.connectors.kafka import operators as kop
from bytewax.dataflow import Dataflow
from fold import State, change, fold

BROKERS = [os.environ["PEER_BOOTSTRAP"]]
Told = tuple[str, State]


def _read(message: KafkaSourceMessage) -> tuple[str, int]:
    event = orjson.loads(message.value)
    return event["customer_id"], event["properties"]["amount"]


def _fold(state: State | None, amount: int) -> tuple[State, Iterable[Told]]:
    after, entered = fold(state, amount)
    return after, [(rule, after) for rule in entered]


def _told(keyed: tuple[str, Told]) -> KafkaSinkMessage:
    customer_id, (rule, state) = keyed
    return KafkaSinkMessage(customer_id.encode(), orjson.dumps(change(customer_id, rule, state)))


flow = Dataflow("equal")
read = kop.input("read", flow, brokers=BROKERS, topics=[os.environ["PEER_INPUT"]])
amounts = op.map("decode", read.oks, _read)
entered = op.stateful_flat_map("fold", amounts, _fold)
kop.output("write", op.map("encode", entered, _told), brokers=BROKERS, topic=os.environ["PEER_OUTPUT"])
