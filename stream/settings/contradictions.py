"""What is wrong between settings that are fine alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from stream.settings.declared import Settings

SASL = ("KAFKA_SASL_MECHANISM", "KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD")
TLS = ("KAFKA_SSL_CAFILE", "KAFKA_SSL_CERTFILE", "KAFKA_SSL_KEYFILE", "KAFKA_SSL_PASSWORD", "KAFKA_SSL_CHECK_HOSTNAME")
PROTOCOL = "KAFKA_SECURITY_PROTOCOL"
Rule = Callable[[Settings, Collection[str]], Iterator[str]]


def contradictions(settings: Settings, given: Collection[str], unread: Collection[str]) -> Iterator[str]:
    """Yield one sentence for each contradiction; none about a setting that could not be read in the first place."""
    for rule, about in RULES:
        if not any(name in unread for name in about):
            yield from rule(settings, given)


def _login(settings: Settings, given: Collection[str]) -> Iterator[str]:
    protocol = settings.kafka_protocol
    if protocol.startswith("SASL_"):
        if not (settings.kafka_username and settings.kafka_password):
            yield f"{PROTOCOL}: {protocol} logs in; set KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD [setting-missing]"
        return
    for name in SASL:
        if name in given:
            yield f"{name}: {protocol} has no login; set {PROTOCOL} to SASL_SSL [setting-conflict]"


def _tls(settings: Settings, given: Collection[str]) -> Iterator[str]:
    if not settings.kafka_protocol.endswith("SSL"):
        for name in TLS:
            if name in given:
                yield f"{name}: {settings.kafka_protocol} has no TLS; set {PROTOCOL} to SSL [setting-conflict]"
    if bool(settings.kafka_cert_file) != bool(settings.kafka_key_file):
        there, missing = TLS[1:3] if settings.kafka_cert_file else reversed(TLS[1:3])
        yield f"{there}: certificate and key belong together; set {missing} too [setting-missing]"


def _clock(settings: Settings, given: Collection[str]) -> Iterator[str]:
    if "SEGMENTS_CLOCK_SPEED" in given and settings.clock != "scaled":
        yield f"SEGMENTS_CLOCK_SPEED: {settings.clock} time has none; set SEGMENTS_CLOCK to scaled [setting-conflict]"


def _backoff(settings: Settings, _given: Collection[str]) -> Iterator[str]:
    low, high = settings.backoff_min_ms, settings.backoff_max_ms
    if low > high:
        yield (
            f"SEGMENTS_BACKOFF_MIN_MS: {low} is more than SEGMENTS_BACKOFF_MAX_MS, {high}; "
            "write a smaller one [setting-conflict]"
        )


RULES: tuple[tuple[Rule, tuple[str, ...]], ...] = (
    (_login, (PROTOCOL, *SASL)),
    (_tls, (PROTOCOL, *TLS)),
    (_clock, ("SEGMENTS_CLOCK", "SEGMENTS_CLOCK_SPEED")),
    (_backoff, ("SEGMENTS_BACKOFF_MIN_MS", "SEGMENTS_BACKOFF_MAX_MS")),
)
