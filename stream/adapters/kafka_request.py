"""A request to write, and its answer, each encoded and decoded in one go.

The client's own structures join every level of a request anew, so that a batch is copied nine times on its way to the
socket, and ask each field for itself. Here are the same bytes; `tests/adapters/test_kafka_request.py` compares them.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from aiokafka import TopicPartition
from aiokafka.protocol.produce import ProduceRequest, ProduceRequest_v7, ProduceResponse_v7

ALL_REPLICAS = -1
VERSION = 7

Stamped = tuple[TopicPartition, bytes | bytearray]
"""A batch with its stamp, and where it goes."""

_BEGIN = struct.Struct(">hhii")
"""No transactional id, who must acknowledge, how long the leader may wait for them (ms), how many topics."""
_LENGTH, _COUNT, _BATCH = struct.Struct(">h"), struct.Struct(">i"), struct.Struct(">ii")
_ANSWER = struct.Struct(">ihqqq")
"""Partition, error code, offset, timestamp, start of the log."""


class _Answer(ProduceResponse_v7):  # type: ignore[misc]  # aiokafka ships no types
    """What a broker says to a request: of each topic (partition, error code)."""

    @classmethod
    def decode(cls, data: Any) -> _Answer:
        """Return the answer in what is left of `data`; struct.error where it is cut short."""
        said, at = data.read() if isinstance(data, BytesIO) else data, 4
        topics = []
        for _ in range(*_COUNT.unpack_from(said)):
            (length,) = _LENGTH.unpack_from(said, at)
            begin = at + 2 + length
            (count,) = _COUNT.unpack_from(said, begin)
            at = begin + 4 + count * _ANSWER.size
            told = [each[:2] for each in _ANSWER.iter_unpack(said[begin + 4 : at])]
            topics.append((said[begin - length : begin].decode(), told))
        return cls(topics, *_COUNT.unpack_from(said, at))


class _Encoded(ProduceRequest_v7):  # type: ignore[misc]  # aiokafka ships no types
    """The request as the client sends it."""

    RESPONSE_TYPE = _Answer

    def encode(self) -> bytes:
        """Return its body."""
        pieces: list[bytes | bytearray] = [_BEGIN.pack(-1, self.required_acks, self.timeout, len(self.topics))]
        for topic, batches in self.topics:
            name = topic.encode()
            pieces += (_LENGTH.pack(len(name)), name, _COUNT.pack(len(batches)))
            for number, written in batches:
                pieces += (_BATCH.pack(number, len(written)), written)
        return b"".join(pieces)


class Write(ProduceRequest):  # type: ignore[misc]  # aiokafka ships no types
    """Batches for the partitions that one node leads, to be acknowledged by all replicas in sync."""

    def __init__(self, batches: Sequence[Stamped], timeout_ms: int) -> None:
        topics: dict[str, list[tuple[int, bytes | bytearray]]] = defaultdict(list)
        for place, written in batches:
            topics[place.topic].append((place.partition, written))
        super().__init__(None, ALL_REPLICAS, timeout_ms, list(topics.items()))

    def build(self, request_struct_class: Any) -> Any:
        """Return what the client sends to a broker that speaks up to this version."""
        return super().build(_Encoded if request_struct_class.API_VERSION == VERSION else request_struct_class)
