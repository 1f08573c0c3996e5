"""A request to write has the bytes that the client would send, and its answer says what the broker said."""

from __future__ import annotations

import struct
from io import BytesIO

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import IncompatibleBrokerVersion
from aiokafka.protocol.produce import ProduceRequest, ProduceRequest_v7, ProduceResponse_v7

from stream.adapters.kafka_request import ALL_REPLICAS, Stamped, Write

BATCHES: list[Stamped] = [
    (TopicPartition("membership", 0), b"\x00\xff"),
    (TopicPartition("übergänge", 2), bytearray(b"abc" * 1_000)),
    (TopicPartition("membership", 7), b""),
]
TOPICS = [("membership", [(0, b"\x00\xff"), (7, b"")]), ("übergänge", [(2, b"abc" * 1_000)])]
PRODUCE = ProduceRequest_v7.API_KEY


@pytest.mark.parametrize(("newest", "spoken"), [(3, 3), (7, 7), (12, 7)])
def test_it_has_the_bytes_that_the_client_would_send_to_any_broker(newest: int, spoken: int) -> None:
    versions = {PRODUCE: (0, newest)}
    ours = Write(BATCHES, 9_000).prepare(versions)
    theirs = ProduceRequest(None, ALL_REPLICAS, 9_000, TOPICS).prepare(versions)
    assert ours.encode() == theirs.encode()
    assert int(ours.API_VERSION) == spoken
    assert ours.build_request_header(5, "me").encode() == theirs.build_request_header(5, "me").encode()


def test_a_broker_that_says_nothing_of_writing_is_refused() -> None:
    with pytest.raises(IncompatibleBrokerVersion, match="API version is unknown"):
        Write(BATCHES, 9_000).prepare({})


@pytest.mark.parametrize(
    "told",
    [[], [("membership", [(0, 0), (7, 47)])], [("membership", [(7, 0)]), ("übergänge", []), ("x", [(2, -1), (0, 3)])]],
    ids=["nothing", "one topic", "several"],
)
def test_an_answer_says_of_each_partition_what_the_broker_said(told: list[tuple[str, list[tuple[int, int]]]]) -> None:
    full = [(topic, [(number, code, 1 << 40, -1, 3) for number, code in each]) for topic, each in told]
    written = ProduceResponse_v7(full, 17).encode()
    request = Write(BATCHES, 9_000).prepare({PRODUCE: (0, 7)})
    answer = request.RESPONSE_TYPE.decode(BytesIO(written))
    assert (answer.topics, answer.throttle_time_ms) == (told, 17)
    header = BytesIO(struct.pack(">i", 5) + written)
    assert request.parse_response_header(header).correlation_id == 5
    assert request.RESPONSE_TYPE.decode(header).topics == told
    with pytest.raises(struct.error, match="buffer"):
        request.RESPONSE_TYPE.decode(BytesIO(written[:-1]))
