"""Dockerfile and compose.yaml: what can be known of them without a container engine."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest
from ruamel.yaml import YAML

from stream.adapters.prometheus import METRICS
from stream.settings import read
from stream.settings.reading import DECLARED
from tests.house import image
from tests.house.image import BIN, DOCKERFILE, FINAL, ROOT, instruction


def load(path: str) -> Any:
    return YAML(typ="safe").load((ROOT / path).read_text())


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = load("compose.yaml")["services"]
    return found


def ours(services: dict[str, Any]) -> dict[str, Any]:
    return {name: service for name, service in services.items() if "build" in service}


@pytest.mark.parametrize(
    "command",
    [("hadolint", "Dockerfile"), ("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml")],
    ids=["hadolint", "compose schema"],
)
def test_the_linters_find_nothing(command: tuple[str, ...]) -> None:
    done = subprocess.run([BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_image_runs_as_a_number_that_is_not_root() -> None:
    user, group = image.user()
    assert user > 0
    assert group > 0
    assert FINAL.index("\nUSER ") < FINAL.index("\nENTRYPOINT ")


def test_signals_reach_the_program() -> None:
    """Exec form: no shell between the container's process 1 and us."""
    assert image.entry_point() == ["segments", "worker"]
    assert image.health_command()[0] == "python"


def test_the_environment_of_image_and_roles_is_what_settings_understand(services: dict[str, Any]) -> None:
    for service in ours(services).values():
        environ = image.declared() | service["environment"]
        assert read(environ).kafka_brokers == "kafka:9092"
        assert {name for name in environ if name not in DECLARED} == {
            "PATH",
            "PYTHONUNBUFFERED",
            "PYTHONDONTWRITEBYTECODE",
        }


def test_the_health_check_asks_the_port_that_the_image_opens() -> None:
    assert image.declared()["SEGMENTS_HTTP_PORT"] == instruction("EXPOSE")
    assert "SEGMENTS_HTTP_PORT" in instruction("HEALTHCHECK")
    assert "/healthz" in instruction("HEALTHCHECK")


def test_everything_the_image_copies_is_let_through_and_there() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        word for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE) for word in line.split()[:-1]
    }
    assert copied == allowed
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_every_service_says_whether_it_is_healthy(services: dict[str, Any]) -> None:
    unwatched = [name for name, service in services.items() if "healthcheck" not in service and "build" not in service]
    assert unwatched == []


def test_the_worker_waits_for_topics_kafka_and_redis(services: dict[str, Any]) -> None:
    waits = {name: each["condition"] for name, each in services["worker"]["depends_on"].items()}
    assert waits == {
        "topics": "service_completed_successfully",
        "kafka": "service_healthy",
        "valkey": "service_healthy",
    }


def test_redis_keeps_what_it_is_told(services: dict[str, Any]) -> None:
    command = " ".join(services["valkey"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def test_prometheus_asks_the_worker_where_it_listens(services: dict[str, Any]) -> None:
    (job,) = load("deploy/prometheus/prometheus.yml")["scrape_configs"]
    (lookup,) = job["dns_sd_configs"]
    assert lookup["names"] == ["worker"]
    assert [str(lookup["port"])] == services["worker"]["expose"]


def test_alerts_name_only_metrics_that_exist() -> None:
    text = (ROOT / "deploy/prometheus/alerts.yml").read_text()
    known = {each.name for each in METRICS}
    named = {re.sub(r"_(count|sum|bucket)$", "", name) for name in re.findall(r"\bsegments_\w+", text)}
    assert named
    assert named - known == set()


def test_every_alert_says_what_it_means() -> None:
    (group,) = load("deploy/prometheus/alerts.yml")["groups"]
    assert [rule["alert"] for rule in group["rules"] if len(rule["annotations"]["summary"]) < 40] == []
