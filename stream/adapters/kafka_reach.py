"""Whether a broker answers, and if not, why, in words: the client itself says only that it could not connect."""

from __future__ import annotations

import ssl

from aiokafka.client import AIOKafkaClient
from aiokafka.conn import create_conn
from aiokafka.errors import IllegalSaslStateError, KafkaConnectionError, SaslAuthenticationFailed
from aiokafka.errors import UnsupportedSaslMechanismError as UnknownMechanismError

from stream.adapters.kafka_errors import CLIENT_ERRORS, UNAVAILABLE, translated
from stream.adapters.kafka_options import KafkaOptions
from stream.errors import UnavailableError

LOGIN = "kafka-login"
TLS = "kafka-tls"


async def reach(options: KafkaOptions) -> None:
    """Return when a broker answers. Raises UnavailableError, which says why of each broker; SettingsError."""
    client = AIOKafkaClient(**options.client_arguments())
    try:
        await client.bootstrap()
    except KafkaConnectionError as error:
        found = [await _refusal(options, host, port) for host, port, _ in client.hosts]
        if not any(found):
            raise translated(error, f"connecting to {options.bootstrap}") from error
        raise UnavailableError("; ".join(filter(None, found))) from error
    except CLIENT_ERRORS as error:
        raise translated(error, f"connecting to {options.bootstrap}") from error
    finally:
        await client.close()


async def _refusal(options: KafkaOptions, host: str, port: int) -> str:
    """Return why one broker does not let us in; "" where it now does."""
    arguments = options.client_arguments()
    del arguments["bootstrap_servers"]
    try:
        connection = await create_conn(host, port, **arguments)
    except CLIENT_ERRORS as error:
        return f"Kafka at {host}:{port}: {_sentence(error, options.security.protocol)}"
    connection.close()
    return ""


def _sentence(error: BaseException, protocol: str) -> str:
    """Return what one failure to connect means and what to look at."""
    said = str(error).rstrip(".")
    if isinstance(error, ssl.SSLCertVerificationError):
        advice = "KAFKA_SSL_CAFILE must hold the authority that signed it, and the certificate this address"
        return f"its certificate is not trusted ({error.verify_message.rstrip('.')}); {advice} [{TLS}]"
    if isinstance(error, ssl.SSLError):
        return f"no TLS connection came about ({said}); check KAFKA_SECURITY_PROTOCOL and the port [{TLS}]"
    if isinstance(error, SaslAuthenticationFailed):
        return f"the login failed ({said}); check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD [{LOGIN}]"
    if isinstance(error, UnknownMechanismError | IllegalSaslStateError):
        return f"it takes no such login; check KAFKA_SASL_MECHANISM and KAFKA_SECURITY_PROTOCOL [{LOGIN}]"
    if isinstance(error, KafkaConnectionError | ConnectionResetError | ConnectionAbortedError):
        wanted = "does it take connections as KAFKA_SECURITY_PROTOCOL says"
        certificate = ", and our certificate" if protocol == "SSL" else ""
        return f"it closed the connection; {wanted} ({protocol}){certificate}? [{UNAVAILABLE}]"
    return f"{said or 'no answer in time'}; is it running, and is KAFKA_BOOTSTRAP_SERVERS right? [{UNAVAILABLE}]"
