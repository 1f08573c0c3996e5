"""Topics: made right, checked before the start, and every wrong one named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stream.adapters.kafka_options import EVENTS_TOPIC, MEMBERSHIP_TOPIC, TRANSITIONS_TOPIC, KafkaOptions
from stream.adapters.kafka_topics import (
    FOR_EVER,
    TopicPlan,
    _check_counts,
    _wrong_letters,
    _wrong_settings,
    apply_topics,
    check_topics,
    partition_counts,
    topic_plans,
    topic_settings,
)
from stream.errors import LayoutError, SettingsError, UnavailableError
from stream.service.topics import Topics
from tests.brokers.fixtures import Log
from tests.brokers.kafka_broker import KafkaBroker, free_ports

THREE = [EVENTS_TOPIC, TRANSITIONS_TOPIC, MEMBERSHIP_TOPIC]
GOOD_COUNTS = dict.fromkeys(THREE, 4)


def good_settings() -> dict[str, dict[str, str]]:
    return {plan.name: dict(plan.settings) for plan in topic_plans(Topics(), 4)}


@pytest.mark.kafka
async def test_topics_are_made_once_and_pass_their_own_check(mortal_kafka: KafkaBroker) -> None:
    options = KafkaOptions(mortal_kafka.bootstrap)
    assert await apply_topics(options, topic_plans(Topics(), 8)) == [*THREE, f"{EVENTS_TOPIC}.dlq"]
    assert await apply_topics(options, topic_plans(Topics(), 8)) == []
    await check_topics(options, Topics(), 8)
    settings = await topic_settings(options, THREE)
    for plan in topic_plans(Topics(), 8):
        if plan.name in THREE:
            assert settings[plan.name].items() >= plan.settings.items()
    with pytest.raises(LayoutError, match=r"the state was laid out for 4 partitions, but segments.events.v1 has 8"):
        await check_topics(options, Topics(), 4)


@pytest.mark.kafka
async def test_missing_topics_are_named_with_what_to_do(kafka: Log) -> None:
    four = [*THREE, f"{EVENTS_TOPIC}.dlq"]
    missing = [f"topic {name}: is not there; create it with `segments topics apply` [topic-missing]" for name in four]
    with pytest.raises(SettingsError, match="is not there") as raised:
        await check_topics(kafka.options("unused"), Topics(), 4)
    assert list(raised.value.problems) == missing


@pytest.mark.kafka
async def test_a_topic_the_broker_refuses_says_which_and_why(kafka: Log) -> None:
    with pytest.raises(SettingsError, match=r"creating the topic two words: InvalidTopicError"):
        await apply_topics(kafka.options("unused"), [TopicPlan("two words", 4, {})])


@pytest.mark.servers
async def test_the_mock_broker_makes_four_partitions_by_itself(mock_kafka: Log) -> None:
    options = mock_kafka.options("unused")
    assert await partition_counts(options, THREE) == GOOD_COUNTS
    await check_topics(options, Topics(), 4, can_describe=False)
    with pytest.raises(LayoutError, match="the state was laid out for 64 partitions"):
        await check_topics(options, Topics(), 64, can_describe=False)


@pytest.mark.servers
async def test_a_broker_that_names_no_controller_makes_no_topics_when_asked(mock_kafka: Log) -> None:
    said = rf"^Kafka at {mock_kafka.bootstrap}: the broker names no controller.* embedded .* \[kafka-controller\]$"
    with pytest.raises(UnavailableError, match=said):
        await apply_topics(mock_kafka.options("unused"), topic_plans(Topics(), 4))


async def test_without_a_broker_it_says_where_it_looked() -> None:
    (port,) = free_ports(1)
    with pytest.raises(UnavailableError, match=rf"looking after topics: KafkaConnectionError: .*{port}"):
        await check_topics(KafkaOptions(f"127.0.0.1:{port}"), Topics(), 4)


def test_each_unequal_count_is_named() -> None:
    with pytest.raises(LayoutError, match=r"but segments.membership.v1 has 5; adding partitions"):
        _check_counts({**GOOD_COUNTS, MEMBERSHIP_TOPIC: 5}, THREE, 4)


def test_good_settings_pass() -> None:
    assert _wrong_settings(Topics(), good_settings(), None) == []


@pytest.mark.parametrize("name", [EVENTS_TOPIC, TRANSITIONS_TOPIC])
def test_the_default_retention_of_seven_days_is_refused(name: str) -> None:
    settings = good_settings()
    settings[name]["retention.ms"] = "604800000"
    (problem,) = _wrong_settings(Topics(), settings, None)
    assert problem.startswith(f"topic {name}: retention.ms is 604800000; it must be -1: ")
    assert _wrong_settings(Topics(), settings, 604_800_000) == []
    assert "at least 604800001" in _wrong_settings(Topics(), settings, 604_800_001)[0]
    assert FOR_EVER == -1


def test_stamps_ahead_of_the_brokers_clock_must_be_allowed_unless_the_broker_stamps() -> None:
    settings = good_settings()
    settings[EVENTS_TOPIC]["message.timestamp.after.max.ms"] = "3600000"
    (problem,) = _wrong_settings(Topics(), settings, None)
    assert "message.timestamp.after.max.ms must be 9223372036854775807" in problem
    settings[EVENTS_TOPIC]["message.timestamp.type"] = "LogAppendTime"
    assert _wrong_settings(Topics(), settings, None) == []


def test_membership_must_be_compacted() -> None:
    settings = good_settings()
    settings[MEMBERSHIP_TOPIC]["cleanup.policy"] = "delete"
    assert _wrong_settings(Topics(), settings, None) == [
        "topic segments.membership.v1: cleanup.policy must be compact [topic-settings]"
    ]


def test_options_for_every_way_in() -> None:
    options = KafkaOptions("a:1,b:2", instance="w-1")
    secure = replace(options.security, protocol="SASL_SSL", mechanism="SCRAM-SHA-512", username="me", password="secret")
    arguments = replace(options, security=secure).client_arguments()
    assert arguments["bootstrap_servers"] == ["a:1", "b:2"]
    assert arguments["sasl_plain_username"] == "me"
    assert arguments["ssl_context"] is not None
    assert "secret" not in repr(secure)
    assert options.client_arguments()["security_protocol"] == "PLAINTEXT"


def test_dead_letters_must_have_room_for_the_largest_record_and_its_reason() -> None:
    settings = good_settings()
    name = f"{EVENTS_TOPIC}.dlq"
    assert _wrong_letters(name, settings[name]) == []
    settings[name]["max.message.bytes"] = "1048588"
    assert _wrong_letters(name, settings[name]) == [
        f"topic {name}: max.message.bytes must be at least 1114112 [topic-settings]"
    ]


@pytest.mark.kafka
async def test_where_no_writer_reports_a_frontier_the_broker_must_stamp(kafka: Log) -> None:
    options = kafka.options("stamps")
    topics = Topics("stamps-create")
    await apply_topics(options, topic_plans(topics, 2))
    with pytest.raises(SettingsError, match=r"message\.timestamp\.type must be LogAppendTime where SEGMENTS_SOURCES"):
        await check_topics(options, topics, 2, broker_must_stamp=True)
    topics = Topics("stamps-append")
    await apply_topics(options, topic_plans(topics, 2, broker_stamps=True))
    await check_topics(options, topics, 2, broker_must_stamp=True)
