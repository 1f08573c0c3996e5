"""How we reach Kafka and how patient we are: plain values, made from the settings in app.py."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Any

from stream.errors import SettingsError

EVENTS_TOPIC = "segments.events.v1"
TRANSITIONS_TOPIC = "segments.transitions.v1"
MEMBERSHIP_TOPIC = "segments.membership.v1"

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Security:
    """Protocol, credentials and certificates; the default is an open connection."""

    protocol: str = "PLAINTEXT"
    mechanism: str = "PLAIN"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    authority_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None
    key_password: str | None = field(default=None, repr=False)
    checks_hostname: bool = True

    def client_arguments(self) -> dict[str, Any]:
        """Return the keyword arguments that every client of aiokafka understands; raises SettingsError."""
        arguments: dict[str, Any] = {"security_protocol": self.protocol}
        if self.protocol.startswith("SASL"):
            arguments["sasl_mechanism"] = self.mechanism
            arguments["sasl_plain_username"] = self.username
            arguments["sasl_plain_password"] = self.password
        if self.protocol.endswith("SSL"):
            arguments["ssl_context"] = self._ssl_context()
        return arguments

    def _ssl_context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.authority_file)
        except OSError as error:
            raise _unreadable("KAFKA_SSL_CAFILE", self.authority_file, "certificates in PEM", error) from error
        context.check_hostname = self.checks_hostname
        if self.certificate_file is not None:
            wanted = f"a certificate and, in {self.key_file}, its key in PEM that KAFKA_SSL_PASSWORD opens"
            try:
                # without a password OpenSSL would ask for one on the terminal and hang
                context.load_cert_chain(self.certificate_file, self.key_file, lambda: self.key_password or "")
            except OSError as error:
                raise _unreadable("KAFKA_SSL_CERTFILE", self.certificate_file, wanted, error) from error
        return context


def _unreadable(setting: str, path: str | None, wanted: str, error: OSError) -> SettingsError:
    return SettingsError([f"{setting}: {path} cannot be used ({error}); name {wanted} [setting-file]"])


@dataclass(frozen=True, slots=True)
class KafkaOptions:
    """One deployment's way to Kafka.

    `instance` names a static member: its partitions wait for it through a quick restart (up to the
    session timeout) instead of moving twice.  Two living processes must not share one.
    The price of a rebalance is known: the client speaks only the eager protocol, so all members stop
    all partitions until every one has rejoined; that is why members are static and sessions short.
    """

    bootstrap: str
    topic: str = EVENTS_TOPIC
    group: str = "segments-worker"
    instance: str | None = None
    security: Security = Security()
    session_timeout_ms: int = 6_000
    heartbeat_ms: int = 1_500
    rebalance_timeout_ms: int = 15_000
    request_timeout_ms: int = 10_000
    # the mock broker sleeps the whole wait on an empty fetch, so this is also its latency
    fetch_max_wait_ms: int = 50
    fetch_max_bytes: int = MEBIBYTE
    # how long a batch at work may go on when its partition is taken away
    revoke_wait_ms: int = 3_000
    hint_every_ms: int = 1_000
    stall_after_ms: int = 60_000

    def client_arguments(self) -> dict[str, Any]:
        """Return what consumers, producers and admin clients have in common."""
        return {
            "bootstrap_servers": self.bootstrap.split(","),
            "client_id": self.instance or self.group,
            "request_timeout_ms": self.request_timeout_ms,
            **self.security.client_arguments(),
        }
