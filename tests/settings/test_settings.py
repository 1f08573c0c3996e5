"""Settings: every bad one at once, before anything touches the network, and no secret in any message."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from stream.errors import SettingsError
from stream.settings import Settings, describe, markdown, read
from stream.settings.shown import text_of

LOGIN = {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_USERNAME": "u", "KAFKA_SASL_PASSWORD": "p"}


def problems(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        read(environ)
    return caught.value.problems


def test_nothing_set_gives_the_defaults() -> None:
    assert read({}) == Settings()
    assert read({"PATH": "/bin", "KAFKA_HOME": "/opt", "HOME": "/root"}) == Settings()


@pytest.mark.parametrize(
    ("name", "text", "field", "value"),
    [
        ("KAFKA_BOOTSTRAP_SERVERS", "a:9092,b.example:1", "kafka_brokers", "a:9092,b.example:1"),
        ("REDIS_URL", "rediss://u:p@r.example:6380/3", "redis_url", "rediss://u:p@r.example:6380/3"),
        ("REDIS_URL", "unix:///run/redis.sock?db=1", "redis_url", "unix:///run/redis.sock?db=1"),
        ("SEGMENTS_HTTP_PORT", "0", "http_port", 0),
        ("SEGMENTS_REPLICATION", "-1", "replication", -1),
        ("SEGMENTS_CLOCK", "LOG", "clock", "log"),
        ("SEGMENTS_INSTANCE_ID", "", "instance_id", ""),
    ],
)
def test_a_good_value_is_taken(name: str, text: str, field: str, value: object) -> None:
    assert getattr(read({name: text}), field) == value


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("SEGMENTS_HTTP_PORT", "65536", "a whole number from 0 to 65535"),
        ("SEGMENTS_HTTP_PORT", "80x", "a whole number from 0 to 65535"),
        ("SEGMENTS_CLOCK", "sundial", "one of wall, log, scaled"),
        ("SEGMENTS_CLOCK_SPEED", "nan", "a number above 0"),
        ("SEGMENTS_CLOCK_SPEED", "0", "a number above 0"),
        ("SEGMENTS_NAMESPACE", "{a}", "letters, digits"),
        ("SEGMENTS_NAMESPACE", "", "letters, digits"),
        ("SEGMENTS_RULES", "/no/such/folder", "the path of a folder that exists"),
        ("KAFKA_SSL_CAFILE", "/no/such/file", "the path of a file that exists"),
        ("KAFKA_SSL_CHECK_HOSTNAME", "maybe", "true or false"),
        ("KAFKA_BOOTSTRAP_SERVERS", "localhost", "host:port"),
    ],
)
def test_a_bad_value_says_where_what_and_what_instead(name: str, text: str, wanted: str) -> None:
    (problem,) = (line for line in problems({name: text}) if line.endswith("[setting-value]"))
    assert problem.startswith(f"{name}: {text!r} does not fit; write {wanted}")


def test_all_bad_settings_are_told_at_once() -> None:
    found = problems(
        {
            "SEGMENTS_HTTP_PORT": "x",
            "SEGMENTS_COMMIT_RECORDS": "0",
            "SEGMENTS_OUTBOKS_RECORDS": "5",
            "SEGMENTS_CLOCK_SPEED": "60",
            "REDIS_URL": "localhost",
        }
    )
    assert [line.split(":")[0] for line in found] == [
        "REDIS_URL",
        "SEGMENTS_COMMIT_RECORDS",
        "SEGMENTS_HTTP_PORT",
        "SEGMENTS_OUTBOKS_RECORDS",
        "SEGMENTS_CLOCK_SPEED",
    ]


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("SEGMENTS_HTP_PORT", "SEGMENTS_HTTP_PORT"),
        ("KAFKA_SASL_PASWORD", "KAFKA_SASL_PASSWORD"),
        ("KAFKA_BOOTSTRAP_SERVER", "KAFKA_BOOTSTRAP_SERVERS"),
        ("REDIS_URLS", "REDIS_URL"),
    ],
)
def test_a_misspelt_name_is_an_error_with_a_suggestion(name: str, near: str) -> None:
    assert problems({name: "1"}) == (f"{name}: there is no setting {name}; did you mean {near}? [setting-unknown]",)


def test_a_name_like_no_other_points_to_the_list() -> None:
    (problem,) = problems({"SEGMENTS_QQQQQQQQQQQQQQQ": "1"})
    assert "`segments settings` lists all" in problem


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SEGMENTS_SERVICE_HOST", "10.0.0.7"),
        ("SEGMENTS_SERVICE_PORT_HTTP", "8080"),
        ("SEGMENTS_PORT", "tcp://10.0.0.7:8080"),
        ("SEGMENTS_PORT_8080_TCP_ADDR", "10.0.0.7"),
        ("SEGMENTS_REQUIRE_SERVERS", "1"),
    ],
)
def test_names_that_kubernetes_or_the_tests_set_are_not_ours(name: str, text: str) -> None:
    assert read({name: text}) == Settings()


def test_a_secret_comes_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("redis://:hush@r.example:6379/0\n")
    assert read({"REDIS_URL_FILE": str(secret)}).redis_url == "redis://:hush@r.example:6379/0"
    (both,) = problems({"REDIS_URL_FILE": str(secret), "REDIS_URL": "redis://r:1"})
    assert both == "REDIS_URL_FILE: REDIS_URL is set as well; keep one of the two [setting-conflict]"


def test_a_secret_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (problem,) = problems({"REDIS_URL_FILE": str(tmp_path / "none")})
    assert problem.startswith("REDIS_URL_FILE: cannot read ")
    assert problem.endswith("No such file or directory [setting-file]")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    (problem,) = problems({"REDIS_URL_FILE": str(tmp_path / "bytes")})
    assert problem.endswith("it is not UTF-8 text [setting-file]")


def test_no_secret_is_ever_shown(tmp_path: Path) -> None:
    (problem,) = problems({"REDIS_URL": "postgres://:hush@x"})
    assert "hush" not in problem
    rows = {row.name: row.value for row in describe(read({**LOGIN, "REDIS_URL": "redis://me:hush@r.example:6379/2"}))}
    assert rows["REDIS_URL"] == "redis://********@r.example:6379/2"
    assert rows["KAFKA_SASL_PASSWORD"] == "********"
    assert rows["KAFKA_SSL_PASSWORD"] == ""
    assert "hush" not in repr(read({"REDIS_URL": "redis://:hush@r.example"}))


def test_one_file_holds_them_all_and_the_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / "segments.toml"
    file.write_text(
        '[kafka]\nbootstrap_servers = "k:1"\n[segments]\nhttp_port = 9\ngroup = "g"\n[redis]\nurl = "redis://r:1"\n'
    )
    settings = read({"SEGMENTS_SETTINGS_FILE": str(file), "SEGMENTS_HTTP_PORT": "10"})
    assert (settings.kafka_brokers, settings.redis_url) == ("k:1", "redis://r:1")
    assert (settings.http_port, settings.group) == (10, "g")


def test_a_flag_in_the_file_is_a_flag(tmp_path: Path) -> None:
    file = tmp_path / "segments.toml"
    file.write_text("[kafka]\nssl_check_hostname = false\nsecurity_protocol = 'ssl'\n")
    assert read({"SEGMENTS_SETTINGS_FILE": str(file)}).kafka_check_hostname is False


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("[segments]\nhttp_prt = 1\n", "segments.http_prt: there is no setting SEGMENTS_HTTP_PRT; did you mean"),
        ("[segments]\nhttp_port = 99999\n", "segments.http_port: '99999' does not fit"),
        ("http_port = 1\n", "http_port is in no table"),
        ("[segments\n", "not TOML: "),
    ],
)
def test_a_mistake_in_the_file_names_the_file(tmp_path: Path, content: str, problem: str) -> None:
    file = tmp_path / "segments.toml"
    file.write_text(content)
    (found,) = problems({"SEGMENTS_SETTINGS_FILE": str(file)})
    assert found.startswith(f"{file}: {problem}")


def test_a_settings_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    (problem,) = problems({"SEGMENTS_SETTINGS_FILE": str(tmp_path / "none.toml")})
    assert problem.startswith("SEGMENTS_SETTINGS_FILE: cannot read ")


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, "SASL_SSL logs in; set KAFKA_SASL_USERNAME and"),
        ({"KAFKA_SASL_USERNAME": "u"}, "KAFKA_SASL_USERNAME: PLAINTEXT has no login"),
        ({"KAFKA_SSL_PASSWORD": "p"}, "KAFKA_SSL_PASSWORD: PLAINTEXT has no TLS"),
        ({"SEGMENTS_BACKOFF_MIN_MS": "6000"}, "6000 is more than SEGMENTS_BACKOFF_MAX_MS, 5000"),
        ({"SEGMENTS_CLOCK": "log", "SEGMENTS_CLOCK_SPEED": "2"}, "log time has none"),
        ({"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_CERTFILE": __file__}, "set KAFKA_SSL_KEYFILE too"),
        ({"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_KEYFILE": __file__}, "set KAFKA_SSL_CERTFILE too"),
    ],
)
def test_settings_that_contradict_each_other_are_told(environ: dict[str, str], problem: str) -> None:
    (found,) = problems(environ)
    assert problem in found


def test_empty_is_not_given() -> None:
    assert read({"KAFKA_SASL_USERNAME": "", "KAFKA_SSL_CAFILE": ""}) == Settings()


def test_one_mistake_makes_one_problem() -> None:
    assert len(problems({**LOGIN, "KAFKA_SECURITY_PROTOCOL": "SASLSSL"})) == 1
    both = {"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_KEYFILE": "/no", "KAFKA_SSL_CERTFILE": __file__}
    assert len(problems(both)) == 1


def test_every_setting_has_a_name_of_its_own_and_a_sentence() -> None:
    names = [each.metadata["name"] for each in fields(Settings)]
    assert len(set(names)) == len(names)
    assert all(each.metadata["help"].endswith(".") for each in fields(Settings))
    assert all(f"| `{name}` |" in markdown() for name in names)


def test_every_default_is_a_value_one_could_write() -> None:
    for each in fields(Settings):
        assert each.metadata["kind"].parse(text_of(each.default)) == each.default, each.name
