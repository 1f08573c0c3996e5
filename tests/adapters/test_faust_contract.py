"""The private names of Faust, mode and aiokafka that the batch consumer leans on: there, and shaped as expected.

A new version of either is let in by making these pass and reading what changed around them.
"""

from __future__ import annotations

import importlib.metadata
import inspect
from collections.abc import Callable
from typing import Any

import aiokafka
import faust
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.cluster import ClusterMetadata
from aiokafka.conn import AIOKafkaConnection
from aiokafka.consumer.consumer import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher, FetchError, FetchResult, PartitionRecords
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.consumer.subscription_state import Assignment, SubscriptionState, TopicPartitionState
from aiokafka.producer.message_accumulator import BatchBuilder, MessageAccumulator
from aiokafka.producer.producer import AIOKafkaProducer
from aiokafka.producer.sender import SendProduceReqHandler
from aiokafka.protocol.produce import ProduceRequest, ProduceResponse_v7
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy, _DefaultRecordBatchPy
from faust.app.base import App, BootStrategy
from faust.tables.recovery import Recovery
from faust.transport.consumer import Consumer, ConsumerThread, ThreadDelegateConsumer
from faust.transport.consumer import Fetcher as FaustFetcher
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, ConsumerRebalanceListener, Transport
from mode import Service
from mode.threads import ServiceThread


@pytest.mark.parametrize(("name", "version"), [("faust-streaming", "0.15.3"), ("aiokafka", "0.14.0")])
def test_the_exact_versions_this_was_written_for(name: str, version: str) -> None:
    assert importlib.metadata.version(name) == version


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        # what we override
        (Consumer._drain_messages, ["self", "fetcher"]),
        (Consumer.perform_seek, ["self"]),
        (Consumer.on_partitions_revoked, ["self", "revoked"]),
        (Consumer.verify_event_path, ["self", "now", "tp"]),
        (Consumer.on_stop, ["self"]),
        (ThreadDelegateConsumer._new_consumer_thread, ["self"]),
        (AIOKafkaConsumerThread.__post_init__, ["self"]),
        (AIOKafkaConsumerThread._create_worker_consumer, ["self", "transport"]),
        (App._create_directories, ["self"]),
        (Service._crash, ["self", "reason"]),
        # what we call
        (Transport.__init__, ["self", "args", "kwargs"]),
        (AIOKafkaConsumerThread._ensure_consumer, ["self"]),
        (SubscriptionState.abort_waiters, ["self", "exc"]),
        (SubscriptionState.fetch_context, ["self"]),
        (SubscriptionState.is_assigned, ["self", "tp"]),
        (Assignment.state_value, ["self", "tp"]),
        (Fetcher._create_fetch_waiter, ["self"]),
        (FetchResult.getall, ["self", "max_records"]),
        (FetchError.check_raise, ["self"]),
        (PartitionRecords._consumer_record, ["self", "tp", "record"]),
        (AIOKafkaConsumer.seek, ["self", "partition", "offset"]),
        (BatchBuilder.append, ["self", "timestamp", "key", "value", "headers"]),
        (ProduceRequest.__init__, ["self", "transactional_id", "required_acks", "timeout", "topics"]),
        (AIOKafkaClient.send, ["self", "node_id", "request", "group"]),
        (AIOKafkaClient.force_metadata_update, ["self"]),
        (AIOKafkaClient._wait_on_metadata, ["self", "topic"]),
        (AIOKafkaClient._maybe_wait_metadata, ["self"]),
        (ClusterMetadata.partitions_for_topic, ["self", "topic"]),
        (ClusterMetadata.leader_for_partition, ["self", "partition"]),
    ],
    ids=lambda value: getattr(value, "__qualname__", ""),
)
def test_signatures(function: Callable[..., Any], parameters: list[str]) -> None:
    assert list(inspect.signature(function).parameters) == parameters


def source(function: Callable[..., Any]) -> str:
    """Return the code of a function, to pin an order of calls that no signature shows."""
    return inspect.getsource(function)


def test_the_fetcher_service_hands_the_loop_to_the_consumer() -> None:
    assert "await consumer._drain_messages(self)" in source(FaustFetcher._fetcher.fun)


def test_the_seek_is_awaited_before_the_flow_resumes() -> None:
    code = source(Recovery._resume_streams)
    assert 0 < code.index("consumer.perform_seek()") < code.index("consumer.resume_flow()")
    assert code.index("consumer.resume_flow()") < code.index("_fetcher.maybe_start()")


def test_revocation_is_awaited_before_the_group_is_joined_again() -> None:
    code = source(GroupCoordinator.ensure_active_group)
    assert 0 < code.index("await self._on_join_prepare(") < code.index("await self._do_rejoin_group(")
    assert "return thread.on_partitions_revoked(" in source(ConsumerRebalanceListener.on_partitions_revoked)


def test_a_critical_error_reaches_only_who_waits_and_then_the_coordinator_sleeps() -> None:
    code = source(GroupCoordinator._push_error_to_user)
    assert (
        0
        < code.index("self._subscription.abort_waiters(exc)")
        < code.index("self._error_consumed_fut = create_future()")
    )


def test_fetched_records_lie_where_we_take_them() -> None:
    code = source(Fetcher.fetched_records)
    for name in ("self._records", "self._wait_consume_future", "self._notify(", "reassignment_in_progress"):
        assert name in code
    assert "self._partition_records" in source(FetchResult.getall)
    assert "self._consumer_record(tp, record)" in source(PartitionRecords._unpack_records)
    assert "self.highwater" in source(TopicPartitionState.__init__)
    assert "self._subscription = SubscriptionState(" in source(AIOKafkaConsumer.__init__)
    assert "self._fetcher = Fetcher(" in source(AIOKafkaConsumer.start)


def test_batches_are_gone_through_where_we_look_on() -> None:
    """The reader asks for its batches when the first record is taken, and knows who was taken back when it goes on."""
    code = source(PartitionRecords._unpack_records)
    for name in (
        "records = self._records",
        "records.has_next()",
        "records.next_batch()",
        "next_batch.is_control_batch",
    ):
        assert name in code
    assert "next_batch.producer_id in self._aborted_producers" in code
    assert "self._records_iterator = self._unpack_records()" in source(PartitionRecords.__init__)
    assert inspect.isgeneratorfunction(PartitionRecords._unpack_records)


def test_a_fetch_answer_for_another_position_is_thrown_away() -> None:
    """So after a seek nothing fetched for the old position comes in."""
    assert "tp_state.position != fetch_offset" in source(Fetcher._proc_fetch_request)
    assert "del self._records[tp]" in source(Fetcher.seek_to)


def test_loops_and_threads() -> None:
    code = source(ServiceThread.__init__)
    assert "self.parent_loop" in code
    assert "self.thread_loop" in code
    assert issubclass(AIOKafkaConsumerThread, ConsumerThread)
    assert issubclass(ConsumerThread, ServiceThread)


def test_the_producer_can_be_left_out() -> None:
    assert BootStrategy.enable_kafka_producer is None
    assert isinstance(App.transport, property)
    assert App.transport.fset is not None


def test_static_members_do_not_leave_the_group() -> None:
    """Why a graceful stop keeps the partitions waiting for a quick restart."""
    assert "self._group_instance_id is None" in source(GroupCoordinator._maybe_leave_group)


def test_a_producer_can_be_given_up_at_once() -> None:
    assert list(inspect.signature(MessageAccumulator.fail_all).parameters) == ["self", "exception"]
    assert "self._message_accumulator = MessageAccumulator(" in source(AIOKafkaProducer.__init__)
    assert "self._sender = Sender(" in source(AIOKafkaProducer.__init__)


def test_requests_are_sent_and_answered_as_the_courier_takes_it() -> None:
    """It does what the client's own sender does: the same order, the same errors, no end to what may pass."""
    code = source(SendProduceReqHandler.handle_response)
    for name in ("for topic, partitions in response.topics", "error is DuplicateSequenceNumber", "batch.done(offset,"):
        assert name in code
    assert "if error is InvalidProducerEpoch:\n                        exc = ProducerFenced()" in code
    assert "return error.retriable" in source(SendProduceReqHandler._can_retry)
    code = source(SendProduceReqHandler.do)
    assert 'if getattr(err, "invalid_metadata", False):' in code
    assert "await self._client._maybe_wait_metadata()" in code
    assert ProduceResponse_v7.SCHEMA.fields[0].array_of.fields[1].array_of.names[:2] == ("partition", "error_code")
    code = source(AIOKafkaConnection._handle_frame)
    assert "self._requests[0]" in code, "answers come in the order of the requests"


def test_topics_are_made_by_the_controller_that_the_client_knows() -> None:
    """Where it knows none, it asks once and then fails on None: we look first."""
    assert "self._client = AIOKafkaClient(" in source(AIOKafkaAdminClient.__init__)
    assert "self._send_to_controller(" in source(AIOKafkaAdminClient.create_topics)
    code = source(AIOKafkaAdminClient._send_to_controller)
    assert "if self._client.cluster.controller is None:\n            await self._client.force_metadata_update()" in code
    assert "self._client.cluster.controller.nodeId" in code


def test_batches_are_read_and_built_where_we_lean_on_it() -> None:
    assert "self._builder.set_producer_state(" in source(BatchBuilder._set_producer_state)
    code = source(BatchBuilder.append)
    for name in ("self._builder.append(", "self._relative_offset += 1", "if self._closed:"):
        assert name in code
    assert "self._builder.build()" in source(BatchBuilder._build)
    code = source(_DefaultRecordBatchPy.__init__) + source(_DefaultRecordBatchPy._maybe_uncompress)
    for name in ("self._buffer", "self._pos", "self._num_records"):
        assert name in code
    assert 'h_key.encode("utf-8")' in source(_DefaultRecordBatchBuilderPy.append)
    assert "self._records_iterator" in source(PartitionRecords.__next__)


def test_faust_is_the_streaming_fork() -> None:
    assert faust.__version__ == "0.15.3"
    assert aiokafka.__version__ == "0.14.0"
