"""Kafka's options, from our settings."""

from __future__ import annotations

import socket

from stream.adapters.kafka_options import KafkaOptions, Security
from stream.service.topics import Topics
from stream.settings import Settings


def kafka_options(settings: Settings) -> KafkaOptions:
    """Return the settings as Kafka's clients take them."""
    security = Security(
        settings.kafka_protocol,
        settings.kafka_mechanism,
        settings.kafka_username or None,
        settings.kafka_password or None,
        settings.kafka_ca_file or None,
        settings.kafka_cert_file or None,
        settings.kafka_key_file or None,
        settings.kafka_key_password or None,
        settings.kafka_check_hostname,
    )
    return KafkaOptions(
        bootstrap=settings.kafka_brokers,
        topic=Topics(settings.topic_prefix).events,
        group=settings.group,
        instance=settings.instance_id or settings.worker_name or host_and_port(settings),
        security=security,
        session_timeout_ms=settings.session_timeout_ms,
        heartbeat_ms=settings.session_timeout_ms // 4,
        stall_after_ms=settings.watchdog_ms,
    )


def host_and_port(settings: Settings) -> str | None:
    """Return what tells this process from the others of the group, also after a restart; None where nothing does.

    The host alone would not: two processes of one name push each other out of the group again and again.
    """
    return f"{socket.gethostname()}-{settings.http_port}" if settings.http_port else None
