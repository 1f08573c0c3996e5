"""Every setting, written down once: its name outside, its kind, its default, one sentence of help.

Nothing here would change a decision: what does is content named by hash, not an environment variable.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from stream.settings.kinds import (
    BROKERS,
    FILE,
    FLAG,
    FOLDER,
    MECHANISM,
    NAME,
    NAME_OR_NONE,
    NAMES,
    PROTOCOL,
    REDIS,
    SPEED,
    TEXT,
    Kind,
    choice,
    whole,
)

T = TypeVar("T")


def setting(name: str, kind: Kind[T], default: T, meaning: str, *, secret: bool = False) -> T:
    """Return a dataclass field that knows how it is called outside, how it is read and what it means."""
    traits = {"name": name, "kind": kind, "help": meaning, "secret": secret}
    return field(default=default, repr=not secret, metadata=traits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting of a role, checked; times in milliseconds."""

    kafka_brokers: str = setting("KAFKA_BOOTSTRAP_SERVERS", BROKERS, "127.0.0.1:9092", "Kafka brokers to ask first.")
    kafka_protocol: str = setting("KAFKA_SECURITY_PROTOCOL", PROTOCOL, "PLAINTEXT", "How to speak to the brokers.")
    kafka_mechanism: str = setting("KAFKA_SASL_MECHANISM", MECHANISM, "PLAIN", "How to log in, with a SASL protocol.")
    kafka_username: str = setting("KAFKA_SASL_USERNAME", TEXT, "", "User name, with a SASL protocol.")
    kafka_password: str = setting("KAFKA_SASL_PASSWORD", TEXT, "", "Password, with a SASL protocol.", secret=True)
    kafka_ca_file: str = setting("KAFKA_SSL_CAFILE", FILE, "", "Certificates to trust; empty: those of the system.")
    kafka_cert_file: str = setting("KAFKA_SSL_CERTFILE", FILE, "", "Our own certificate, where brokers ask for one.")
    kafka_key_file: str = setting("KAFKA_SSL_KEYFILE", FILE, "", "The key of our own certificate.")
    kafka_key_password: str = setting("KAFKA_SSL_PASSWORD", TEXT, "", "The password of that key.", secret=True)
    kafka_check_hostname: bool = setting("KAFKA_SSL_CHECK_HOSTNAME", FLAG, True, "Compare certificate and host name.")
    redis_url: str = setting(
        "REDIS_URL", REDIS, "redis://127.0.0.1:6379/0", "Redis or Valkey, with a password if any.", secret=True
    )

    namespace: str = setting("SEGMENTS_NAMESPACE", NAME, "main", "First part of every key in Redis.")
    topic_prefix: str = setting(
        "SEGMENTS_TOPIC_PREFIX", NAME, "segments", "First part of our topics: PREFIX.events.v1."
    )
    partitions: int = setting(
        "SEGMENTS_PARTITIONS", whole(1, 4096), 64, "Partitions that `topics apply` creates; can never change."
    )
    replication: int = setting(
        "SEGMENTS_REPLICATION", whole(-1, 9), -1, "Replicas of each topic; -1: as the brokers are set."
    )
    group: str = setting("SEGMENTS_GROUP", NAME, "segments", "Consumer group of the workers.")
    worker_name: str = setting(
        "SEGMENTS_WORKER", NAME_OR_NONE, "", "Name of this worker in logs; empty: the host's name."
    )
    instance_id: str = setting(
        "SEGMENTS_INSTANCE_ID", NAME_OR_NONE, "", "Static membership in the group; empty: the worker's name."
    )
    session_timeout_ms: int = setting(
        "SEGMENTS_SESSION_TIMEOUT_MS",
        whole(1_000, 300_000),
        6_000,
        "Silence after which Kafka gives our partitions away.",
    )

    rules: str = setting("SEGMENTS_RULES", FOLDER, "", "Folder of rules; empty: the shipped ones.")
    folder: str = setting("SEGMENTS_DATA", TEXT, ".segments", "Where `run` and `demo` keep their state.")
    clock: str = setting(
        "SEGMENTS_CLOCK",
        choice("wall", "log", "scaled"),
        "wall",
        "What moves time: the wall clock, only the log, or a faster clock.",
    )
    clock_speed: float = setting(
        "SEGMENTS_CLOCK_SPEED", SPEED, 1.0, "Simulated seconds per second, with the scaled clock."
    )
    sources: tuple[str, ...] = setting(
        "SEGMENTS_SOURCES",
        NAMES,
        (),
        "Writers of the events topic that stamp records and report a frontier; none: the broker stamps.",
    )
    tick_every_ms: int = setting(
        "SEGMENTS_TICK_EVERY_MS", whole(10, 60_000), 250, "Least time between two ticks of a partition."
    )

    cache_bytes: int = setting(
        "SEGMENTS_CACHE_BYTES", whole(0, 1 << 40), 268_435_456, "Memory for packed profiles, over all partitions."
    )
    commit_records: int = setting("SEGMENTS_COMMIT_RECORDS", whole(1, 100_000), 10_000, "Most records in one commit.")
    commit_ms: int = setting(
        "SEGMENTS_COMMIT_MS", whole(1, 60_000), 50, "Longest CPU time for a commit of records, while catching up."
    )
    commit_bytes: int = setting(
        "SEGMENTS_COMMIT_BYTES", whole(1_000, 100_000_000), 1_000_000, "Most bytes of records in one commit."
    )
    outbox_records: int = setting(
        "SEGMENTS_OUTBOX_RECORDS", whole(1, 10_000_000), 20_000, "Unpublished records at which a partition pauses."
    )
    backoff_min_ms: int = setting(
        "SEGMENTS_BACKOFF_MIN_MS", whole(1, 60_000), 100, "First wait for a neighbour that is away."
    )
    backoff_max_ms: int = setting(
        "SEGMENTS_BACKOFF_MAX_MS", whole(1, 600_000), 5_000, "Longest wait for a neighbour that is away."
    )
    watchdog_ms: int = setting(
        "SEGMENTS_WATCHDOG_MS",
        whole(1_000, 3_600_000),
        60_000,
        "No progress for so long, with records waiting: exit for a restart.",
    )

    http_host: str = setting("SEGMENTS_HTTP_HOST", TEXT, "127.0.0.1", "Address of /healthz, /readyz and /metrics.")
    http_port: int = setting("SEGMENTS_HTTP_PORT", whole(0, 65_535), 8080, "Port of the same; 0: any free one.")
    log_level: str = setting(
        "SEGMENTS_LOG_LEVEL", choice("debug", "info", "warning", "error"), "info", "Least level that is logged."
    )
    log_format: str = setting(
        "SEGMENTS_LOG_FORMAT",
        choice("auto", "console", "json"),
        "auto",
        "Log lines; auto: console on a terminal, else json.",
    )
