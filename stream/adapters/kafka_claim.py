"""A claim to a partition of our outputs: what an earlier claimer has on its way can only arrive before our writes.

Kafka gives each name one producer id, and every `InitProducerId` a higher epoch of it. Once a partition of a
topic has seen an epoch it refuses all lower ones. No transaction is ever begun.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aiokafka.client import CoordinationType
from aiokafka.errors import for_code
from aiokafka.protocol.transaction import InitProducerIdRequest

TRANSACTION_MS = 60_000
"""No transaction is begun; the broker asks for a limit all the same."""
SEQUENCES = 1 << 31
"""Kafka's sequence numbers begin again behind this many."""


@dataclass(slots=True)
class Claim:
    """A producer id and epoch of one partition, and the next sequence number in each topic."""

    producer_id: int
    epoch: int
    is_over: bool = False
    """Whether a write under it failed: what comes next could come before what is still on its way."""
    _next: dict[str, int] = field(default_factory=dict)

    def stamp(self, topic: str, records: int) -> tuple[int, int, int]:
        """Return producer id, epoch and first sequence number for the next so many records of a topic."""
        first = self._next.get(topic, 0)
        self._next[topic] = (first + records) % SEQUENCES
        return self.producer_id, self.epoch, first


async def claimed(client: Any, name: str) -> Claim:
    """Claim a name anew, above every earlier claim of it; raises the client's errors."""
    node = await client.coordinator_lookup(CoordinationType.TRANSACTION, name)
    answer = await client.send(node, InitProducerIdRequest(name, TRANSACTION_MS))
    if answer.error_code:
        raise for_code(answer.error_code)
    return Claim(answer.producer_id, answer.producer_epoch)
