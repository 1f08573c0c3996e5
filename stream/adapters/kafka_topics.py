"""The topics themselves: what they must be like, making them, and refusing to start on wrong ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiokafka.errors
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from stream.adapters.kafka_errors import CLIENT_ERRORS, translated
from stream.adapters.kafka_options import MEBIBYTE, KafkaOptions
from stream.errors import LayoutError, SettingsError, UnavailableError
from stream.service.topics import Topics

FOR_EVER = -1
LONG_MAX = 9_223_372_036_854_775_807
MONTH_MS = 30 * 86_400_000
DEAD_LETTER_BYTES = MEBIBYTE + 64 * 1024

APPEND = "LogAppendTime"
CONTROLLER = "kafka-controller"
LOOKS, LOOK_S = 300, 0.1
"""A topic is known to a broker a moment after its controller made it."""

# history keeps its dates and scaled clocks run ahead of the broker's
_TIMES = {"message.timestamp.type": "CreateTime", "message.timestamp.after.max.ms": str(LONG_MAX)}


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """One topic as it should be."""

    name: str
    partitions: int
    settings: dict[str, str]


def topic_plans(
    topics: Topics, partitions: int, retention_ms: int = FOR_EVER, *, broker_stamps: bool = False
) -> list[TopicPlan]:
    """Return the topics of a deployment; three of them with equal partition counts, for good.

    `broker_stamps` the events themselves: needed where writers report no frontier, for then only the broker's stamp
    keeps the promise of a tick that nothing below it comes later.
    """
    kept = {"cleanup.policy": "delete", "retention.ms": str(retention_ms), **_TIMES}
    letters = {"retention.ms": str(MONTH_MS), "max.message.bytes": str(DEAD_LETTER_BYTES)}
    return [
        TopicPlan(topics.events, partitions, kept | ({"message.timestamp.type": APPEND} if broker_stamps else {})),
        TopicPlan(topics.transitions, partitions, kept),
        TopicPlan(topics.membership, partitions, {"cleanup.policy": "compact", **_TIMES}),
        TopicPlan(topics.dead_letters, partitions, {"cleanup.policy": "delete", **letters, **_TIMES}),
    ]


async def apply_topics(options: KafkaOptions, plans: Sequence[TopicPlan], replication: int = 1) -> list[str]:
    """Create the topics that are missing; return their names. Existing ones are left as they are.

    `replication` of -1 leaves the number of replicas to the brokers. Raises UnavailableError, SettingsError.
    """
    # the client takes -1 only beside a list of who holds what, be it empty
    by_broker: dict[int, list[int]] | None = {} if replication < 0 else None
    async with _admin(options) as admin:
        await _check_controller(admin, options.bootstrap)
        wanted = [NewTopic(each.name, each.partitions, replication, by_broker, each.settings) for each in plans]
        answer = (await admin.create_topics(wanted)).to_object()
    created = []
    for topic in answer["topic_errors"]:
        error = aiokafka.errors.for_code(topic["error_code"])
        if error is aiokafka.errors.NoError:
            created.append(str(topic["topic"]))
        elif error is not aiokafka.errors.TopicAlreadyExistsError:
            raise translated(error(topic.get("error_message")), f"creating the topic {topic['topic']}")
    await _wait_until_told(options, [each.name for each in plans])
    return created


async def _wait_until_told(options: KafkaOptions, names: Sequence[str]) -> None:
    """Return when the brokers tell of all topics: whoever starts behind us must find them. Raises UnavailableError."""
    for _ in range(LOOKS):
        missing = set(names) - set(await partition_counts(options, names))
        if not missing:
            return
        await asyncio.sleep(LOOK_S)
    raise UnavailableError(
        f"Kafka at {options.bootstrap}: {LOOKS * LOOK_S:g} s after they were made the brokers do not tell of"
        f" {', '.join(sorted(missing))}; look after the controllers, then run this again [kafka-slow]"
    )


async def _check_controller(admin: Any, bootstrap: str) -> None:
    """Return where somebody makes topics; the client itself fails with no word about it. Raises UnavailableError."""
    client = admin._client
    if client.cluster.controller is None:
        await client.force_metadata_update()
    if client.cluster.controller is None:
        raise UnavailableError(
            f"Kafka at {bootstrap}: the broker names no controller, which makes topics: an embedded one makes them by"
            " itself at first use, nothing is to be done; a cluster has none while it elects one, try again, or look"
            f" after its controllers [{CONTROLLER}]"
        )


async def partition_counts(options: KafkaOptions, names: Sequence[str]) -> dict[str, int]:
    """Return how many partitions each topic has; a missing one is absent (the mock broker makes it at once)."""
    async with _admin(options) as admin:
        topics = await admin.describe_topics(list(names))
    return {str(each["topic"]): len(each["partitions"]) for each in topics if not each["error_code"]}


async def check_topics(
    options: KafkaOptions,
    topics: Topics,
    expected_partitions: int,
    can_describe: bool = True,
    least_retention_ms: int | None = None,
    *,
    broker_must_stamp: bool = False,
) -> None:
    """Return where events, transitions and membership fit the layout and each other.

    `can_describe` is False for the mock broker, which knows no settings.  `least_retention_ms` is history
    plus the worst rollback of the state; None accepts only "for ever".

    Raises LayoutError for partition counts, SettingsError for everything else that is wrong, all at once.
    """
    names = [topics.events, topics.transitions, topics.membership]
    counts = await partition_counts(options, [*names, topics.dead_letters])
    _check_there(counts, [*names, topics.dead_letters])
    _check_counts(counts, names, expected_partitions)
    if can_describe:
        settings = await topic_settings(options, [*names, topics.dead_letters])
        problems = _wrong_settings(topics, settings, least_retention_ms)
        problems += _wrong_letters(topics.dead_letters, settings[topics.dead_letters])
        if broker_must_stamp and settings[topics.events]["message.timestamp.type"] != APPEND:
            problems.append(
                f"topic {topics.events}: message.timestamp.type must be {APPEND} where SEGMENTS_SOURCES names no writer"
                " that reports a frontier: a record stamped late would find its customer's time already past"
                " [topic-settings]"
            )
        if problems:
            raise SettingsError(problems)


async def topic_settings(options: KafkaOptions, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the settings of each topic as the broker tells them."""
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    async with _admin(options) as admin:
        answers = await admin.describe_configs(asked)
    found: dict[str, dict[str, str]] = {}
    for answer in answers:
        for resource in answer.to_object()["resources"]:
            entries = resource["config_entries"]
            found[resource["resource_name"]] = {each["config_names"]: each["config_value"] for each in entries}
    return found


def _check_there(counts: dict[str, int], names: Sequence[str]) -> None:
    missing = [name for name in names if name not in counts]
    if missing:
        raise SettingsError(
            [f"topic {name}: is not there; create it with `segments topics apply` [topic-missing]" for name in missing]
        )


def _check_counts(counts: dict[str, int], names: Sequence[str], expected: int) -> None:
    wrong = [f"{name} has {counts[name]}" for name in names if counts[name] != expected]
    if wrong:
        raise LayoutError(
            f"the state was laid out for {expected} partitions, but {', '.join(wrong)}; adding partitions would give"
            " every customer a second, empty profile: restore the old count, or rebuild into new topics [partitions]"
        )


def _wrong_letters(name: str, settings: dict[str, str]) -> list[str]:
    # one bad record of full size would else stop its partition: it could neither be used nor set aside
    if int(settings["max.message.bytes"]) >= DEAD_LETTER_BYTES:
        return []
    return [f"topic {name}: max.message.bytes must be at least {DEAD_LETTER_BYTES} [topic-settings]"]


def _wrong_settings(topics: Topics, settings: dict[str, dict[str, str]], least_retention_ms: int | None) -> list[str]:
    problems = []
    for name in (topics.events, topics.transitions):
        problem = _wrong_retention(name, int(settings[name]["retention.ms"]), least_retention_ms)
        problems += [problem] if problem else []
    problems += _wrong_times(topics.events, settings[topics.events])
    if "compact" not in settings[topics.membership]["cleanup.policy"]:
        problems.append(f"topic {topics.membership}: cleanup.policy must be compact [topic-settings]")
    return problems


def _wrong_retention(name: str, retention_ms: int, least_ms: int | None) -> str | None:
    if retention_ms == FOR_EVER or (least_ms is not None and retention_ms >= least_ms):
        return None
    least = "-1" if least_ms is None else f"-1 or at least {least_ms}"
    return (
        f"topic {name}: retention.ms is {retention_ms}; it must be {least}: history would be deleted"
        " and a state rolled back could not be replayed [topic-settings]"
    )


def _wrong_times(name: str, events: dict[str, str]) -> list[str]:
    # with LogAppendTime the broker stamps, and nothing can lie ahead
    if events["message.timestamp.type"] == "CreateTime" and int(events["message.timestamp.after.max.ms"]) != LONG_MAX:
        return [
            f"topic {name}: message.timestamp.after.max.ms must be {LONG_MAX}, or a clock ahead of"
            " the broker's has its records refused [topic-settings]"
        ]
    return []


@asynccontextmanager
async def _admin(options: KafkaOptions) -> AsyncIterator[Any]:
    admin = AIOKafkaAdminClient(**options.client_arguments())
    try:
        await admin.start()
        yield admin
    except CLIENT_ERRORS as error:
        raise translated(error, "looking after topics") from error
    finally:
        await admin.close()
