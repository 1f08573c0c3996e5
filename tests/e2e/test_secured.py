"""Kafka that asks for a login over TLS or for a certificate, Redis that asks for a password over TLS: it all works.

And a wrong password, a wrong authority, a wrong name: each is said in one line, and tried again ever more seldom.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.brokers.fixtures import started
from tests.brokers.kafka_broker import free_ports
from tests.brokers.secured import PASSWORD, SCRAM, Papers, SecuredBroker
from tests.e2e.compare import check, shipped
from tests.e2e.histories import crowd
from tests.e2e.running import WORKER, Command
from tests.e2e.site import Site, until
from tests.redis_server import RedisServer
from tests.town import TOPICS

pytestmark = [pytest.mark.e2e, pytest.mark.kafka, pytest.mark.redis]

APPLY = (sys.executable, "-m", "stream", "topics", "apply")
GARBAGE = b"\xff\x00 no event at all"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    broker = started(lambda: SecuredBroker(tmp_path_factory.mktemp("secured") / "kafka"))
    assert isinstance(broker, SecuredBroker)
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def redis(broker: SecuredBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredRedis]:
    with SecuredRedis(broker.papers, tmp_path_factory.mktemp("redis")) as server:
        yield server


class SecuredRedis(RedisServer):
    """A redis-server with a second port for TLS; every user of it needs the password. The first has none for tests."""

    def __init__(self, papers: Papers, folder: Path) -> None:
        (self.tls_port,) = free_ports(1)
        self._papers = papers
        listen = ["--tls-port", str(self.tls_port), "--tls-auth-clients", "no"]
        paper = ["--tls-cert-file", papers.broker, "--tls-key-file", papers.broker_key]
        super().__init__("redis", folder, *listen, *map(str, paper), "--tls-ca-cert-file", str(papers.authority))

    def start(self) -> None:
        """Start, and let nobody but the tests in without the password."""
        super().start()
        self.ask("ACL", "SETUSER", "ann", "on", f">{PASSWORD}", "~*", "&*", "+@all")

    def over_tls(self, password: str = PASSWORD, authority: Path | None = None) -> str:
        """Return the URL of a user with a password, over TLS."""
        trusted = authority or self._papers.authority
        return f"rediss://ann:{password}@127.0.0.1:{self.tls_port}/0?ssl_ca_certs={trusted}"


def site_of(broker: SecuredBroker, redis: SecuredRedis, folder: Path) -> Site:
    """Return a deployment whose outside clients use the open listener; its topics are not made yet."""
    return Site(broker.bootstrap, redis.over_tls(), folder)


def ways(broker: SecuredBroker) -> dict[str, dict[str, str]]:
    """Return the settings for every way in."""
    return {
        "PLAIN": broker.by_login(),
        SCRAM: broker.by_login("sam", mechanism=SCRAM),
        "certificate": broker.by_certificate(),
    }


@pytest.mark.parametrize("way", ["PLAIN", SCRAM, "certificate"])
def test_worker_topics_and_dead_letters_work_over_a_secured_way(
    broker: SecuredBroker, redis: SecuredRedis, tmp_path: Path, way: str
) -> None:
    site = site_of(broker, redis, tmp_path)
    environment = site.environment(**ways(broker)[way])
    with Command(environment, tmp_path / "apply.log", APPLY) as apply:
        assert apply.ended() == 0, apply.said
        assert f"created: {site.topics.events}" in apply.said
    site.write(crowd(9, 300, 20))
    site.outside.write(site.topics.events, [(1, (b"who", GARBAGE, (), 0))])
    with Command(environment, tmp_path / "worker.log") as worker:
        site.settle(worker)
        assert worker.stop() == 0
        assert "Traceback" not in worker.said
        assert PASSWORD not in worker.said
    found = check(site, shipped())
    assert len(found.bodies) > 10
    assert [letter.value for letter in site.dump().all(TOPICS.dead_letters)] == [GARBAGE]


def wrong_ways(broker: SecuredBroker) -> dict[str, tuple[dict[str, str], str]]:
    """Return settings that lead nowhere, and what must be said of each."""
    login, bare = broker.by_login(), {"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{broker.login_port}"}
    authority = "KAFKA_SSL_CAFILE must hold the authority that signed it"
    return {
        "password": (broker.by_login(password="wrong"), "check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"),
        "scram password": (broker.by_login("sam", "wrong", SCRAM), "check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"),
        "mechanism": (broker.by_login(mechanism="SCRAM-SHA-512"), "check KAFKA_SASL_MECHANISM"),
        "authority": (login | {"KAFKA_SSL_CAFILE": str(broker.papers.stranger)}, authority),
        "name": (login | {"KAFKA_BOOTSTRAP_SERVERS": f"localhost:{broker.login_port}"}, "not valid for 'localhost'"),
        "protocol": (bare, "does it take connections as KAFKA_SECURITY_PROTOCOL says (PLAINTEXT)"),
        "plain port": (
            broker.by_certificate() | {"KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap},
            "says (SSL), and our certif",
        ),
    }


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ("password", "kafka-login"),
        ("scram password", "kafka-login"),
        ("mechanism", "kafka-login"),
        ("authority", "kafka-tls"),
        ("name", "kafka-tls"),
        ("protocol", "kafka-unavailable"),
        ("plain port", "kafka-unavailable"),
    ],
)
def test_a_wrong_way_to_kafka_is_said_in_one_line_and_tried_again(
    broker: SecuredBroker, redis: SecuredRedis, tmp_path: Path, wrong: str, code: str
) -> None:
    site = site_of(broker, redis, tmp_path)
    settings, sentence = wrong_ways(broker)[wrong]
    command = APPLY if wrong == "password" else WORKER
    with Command(site.environment(**settings), tmp_path / "log", command) as waiting:
        until(lambda: len(waiting.events("broker_not_there")) >= 2, 60, lambda: waiting.said)
        lines = waiting.events("broker_not_there")
        assert sentence in lines[0]["reason"]
        assert lines[0]["reason"].endswith(f"[{code}]")
        assert lines[0]["retry_in_s"] < lines[1]["retry_in_s"], "ever more seldom"
        assert "Traceback" not in waiting.said
        assert PASSWORD not in waiting.said
        assert waiting.is_alive, "the password may be mended on the broker's side"


def test_the_name_in_the_certificate_is_not_compared_where_the_settings_say_so(
    broker: SecuredBroker, redis: SecuredRedis, tmp_path: Path
) -> None:
    by_name = {"KAFKA_BOOTSTRAP_SERVERS": f"localhost:{broker.login_port}", "KAFKA_SSL_CHECK_HOSTNAME": "false"}
    environment = site_of(broker, redis, tmp_path).environment(**broker.by_login() | by_name)
    with Command(environment, tmp_path / "log", APPLY) as apply:
        assert apply.ended() == 0, apply.said


@pytest.mark.parametrize("setting", ["KAFKA_SSL_CAFILE", "KAFKA_SSL_CERTFILE"])
def test_a_paper_that_cannot_be_read_ends_the_worker_with_one_sentence(
    broker: SecuredBroker, redis: SecuredRedis, tmp_path: Path, setting: str
) -> None:
    wrong = {"KAFKA_SSL_CAFILE": str(broker.papers.garbage)} if setting == "KAFKA_SSL_CAFILE" else {}
    settings = broker.by_certificate("not the password of the key") | wrong
    with Command(site_of(broker, redis, tmp_path).environment(**settings), tmp_path / "log") as refused:
        assert refused.ended() == 2
        assert f"{setting}: " in refused.said
        assert "[setting-file]" in refused.said
        assert "Traceback" not in refused.said


@pytest.mark.parametrize("wrong", ["password", "authority"])
def test_a_wrong_way_to_redis_is_said_in_one_line_and_tried_again(
    broker: SecuredBroker, redis: SecuredRedis, tmp_path: Path, wrong: str
) -> None:
    site = site_of(broker, redis, tmp_path).open()
    url = redis.over_tls("wrong") if wrong == "password" else redis.over_tls(authority=broker.papers.stranger)
    with Command(site.environment(REDIS_URL=url), tmp_path / "log") as waiting:
        until(lambda: len(waiting.events("redis_not_there")) >= 2, 60, lambda: waiting.said)
        lines = waiting.events("redis_not_there")
        sentence = "[redis-login]" if wrong == "password" else "certificate verify failed"
        assert sentence in lines[0]["reason"]
        assert lines[0]["retry_in_ms"] < lines[1]["retry_in_ms"], "ever more seldom"
        assert "Traceback" not in waiting.said
        assert PASSWORD not in waiting.said
