"""What a deployment is laid out for, and the start: from nothing, onto what is there, or onto a new log in memory."""

from __future__ import annotations

import json
from dataclasses import dataclass

import msgspec

from stream.errors import LayoutError
from stream.ports import Clock, Commit, Log, Message, Producer, Store
from stream.service.topics import Topics
from stream.wire.control import Use, control_headers, encode_control
from stream.wire.head import FORMAT as HEAD_FORMAT
from stream.wire.head import Head, decode_head, encode_head
from stream.wire.profile import FORMAT as PROFILE_FORMAT


@dataclass(frozen=True, slots=True)
class Deployment:
    """What can never change, and what the first start writes down."""

    partitions: int
    keys: str
    """First part of the keys in the store, for messages."""
    rules_hash: str
    log_id: str = ""
    """Of the event log where it lives in memory; empty where it outlives the process."""

    @property
    def layout(self) -> bytes:
        """Return the layout record: partitions and the formats of our bytes."""
        return _record(self.partitions)


def _record(partitions: object) -> bytes:
    parts = {"partitions": partitions, "head": HEAD_FORMAT[0], "profile": PROFILE_FORMAT}
    return json.dumps(parts, sort_keys=True).encode()


def partitions_of(keys: str, stored: bytes) -> int:
    """Return how many partitions the layout record under `keys` says; LayoutError where its formats are not ours."""
    partitions = json.loads(stored).get("partitions")
    if stored != (ours := _record(partitions)):
        raise LayoutError(
            f"the state under {keys} has {stored.decode()}, this version reads {ours.decode()}: ask with the version "
            "that keeps the state [layout]"
        )
    return int(partitions)


async def prepare(
    deployment: Deployment, topics: Topics, store: Store, producer: Producer, log: Log, clock: Clock
) -> int:
    """Make the state ready and return how many partitions moved to a new log in memory.

    The very first start lays everything out at once and writes into every partition which rules decide there.
    Raises LayoutError where state and log do not belong together.
    """
    stored = await store.layout()
    if stored is not None:
        _refuse_another(deployment, stored)
        await store.initialise(deployment.layout, dict.fromkeys(range(deployment.partitions), b""))
        return await _move(deployment, store) if deployment.log_id else 0
    bounds = await log.bounds(topics.events)
    if not deployment.log_id:
        await _refuse_lost_state(deployment, topics, store, log)
    rules = (1, deployment.rules_hash)
    begun = Head(0, rules=rules, log_id=deployment.log_id, anchor_ms=clock.now_ms())
    heads = {number: msgspec.structs.replace(begun, position=start) for number, (start, _) in bounds.items()}
    # announced first: a repeat of number 1 changes nothing, but a start that dies in between would never make it good
    await _announce(deployment, topics, producer, clock)
    await store.initialise(deployment.layout, {number: encode_head(head) for number, head in heads.items()})
    return 0


def _refuse_another(deployment: Deployment, stored: bytes) -> None:
    if stored != deployment.layout:
        anew = "rebuild with a new namespace, group and topic prefix"
        raise LayoutError(
            f"the state under {deployment.keys} has {stored.decode(errors='replace')}, this worker writes "
            f"{deployment.layout.decode()}; partitions and formats are fixed at the first start: start the version and "
            f"count of the state, or {'remove the state folder' if deployment.log_id else anew} [layout]"
        )


async def _refuse_lost_state(deployment: Deployment, topics: Topics, store: Store, log: Log) -> None:
    published = await log.bounds(topics.transitions)
    is_used = await log.has_positions() or any(end > 0 for _, end in published.values())
    # a worker that started beside us may have laid out, and begun, since we looked
    if is_used and await store.layout() is None:
        raise LayoutError(
            f"nothing is stored under {deployment.keys}, but the consumer group or {topics.transitions} has been used: "
            "starting from nothing would count everything twice; restore the store, or rebuild with a new namespace, "
            "group and topic prefix [state-lost]"
        )


async def _announce(deployment: Deployment, topics: Topics, producer: Producer, clock: Clock) -> None:
    use = Use("rules", deployment.rules_hash, 1)
    message: Message = (None, encode_control(use), control_headers(use), clock.now_ms())
    for number in range(deployment.partitions):
        await producer.send_batch(topics.events, number, [message])


async def _move(deployment: Deployment, store: Store) -> int:
    """Begin at the start of a new log; what was not published yet stays in the outbox and is published there."""
    moved = 0
    for number in range(deployment.partitions):
        taken = await store.take(number)
        if taken.head is None:
            raise LayoutError(f"partition {number} has no stored head; remove the state folder to begin anew")
        head = decode_head(taken.head)
        if head.log_id != deployment.log_id:
            head.position, head.fingerprint, head.log_id = 0, b"", deployment.log_id
            await store.commit(number, Commit(encode_head(head)))
            moved += 1
    return moved


def usable_head(number: int, packed: bytes | None, log: tuple[int, int], rules_hash: str) -> Head:
    """Return the stored head of a partition; LayoutError where it is missing, or of another log or other rules."""
    if packed is None:
        raise LayoutError(f"partition {number} has no stored head; restore Redis, or rebuild from the log")
    head, (start, end) = decode_head(packed), log
    if not start <= head.position <= end:
        raise LayoutError(
            f"partition {number}: Redis stands at offset {head.position}, the log holds {start} to {end}; "
            "the topic was recreated or cut: restore it, or rebuild into an empty deployment"
        )
    if head.rules[1] != rules_hash:
        raise LayoutError(
            f"partition {number}: the state was made with rules {head.rules[1][:12]}, this worker has "
            f"{rules_hash[:12]}; start it with the rules of the state, or rebuild into an empty deployment"
        )
    return head
