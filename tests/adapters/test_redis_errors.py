"""Every exception of redis-py has a meaning here."""

from __future__ import annotations

import pytest
from redis import exceptions

from stream.adapters.redis_errors import MEANINGS, translate
from stream.adapters.redis_line import Lines
from stream.errors import SettingsError, StateError, UnavailableError


def test_no_class_of_the_client_library_is_missing() -> None:
    theirs = {kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, Exception)}
    assert theirs == set(MEANINGS)


@pytest.mark.parametrize("kind", MEANINGS, ids=lambda kind: kind.__name__)
def test_each_class_becomes_one_of_ours_with_a_code(kind: type[Exception]) -> None:
    meaning = MEANINGS[kind]
    with pytest.raises(meaning.error, match=rf"Redis at here: .*; .* \[{meaning.code}\]"):
        raise translate(_made(kind), "here")


def _made(kind: type[Exception]) -> Exception:
    """An exception of this class; the two that redirect read a slot and an address out of their text."""
    return kind("866 127.0.0.1:7000") if issubclass(kind, exceptions.AskError) else kind("what the server said")


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("WRONGTYPE Operation against a key holding the wrong kind of value", StateError, "redis-type"),
        ("MISCONF Errors writing to the AOF file: No space left on device", UnavailableError, "redis-disk"),
        ("NOREPLICAS Not enough good replicas to write.", UnavailableError, "redis-replica"),
        ("BUSY Redis is busy running a script.", UnavailableError, "redis-busy"),
        ("unknown command 'ZRANGE'", StateError, "redis-refused"),
    ],
)
def test_answers_without_a_class_are_told_apart_by_their_first_word(text: str, kind: type, code: str) -> None:
    with pytest.raises(kind, match=rf"\[{code}\]"):
        raise translate(exceptions.ResponseError(text), "here")


def test_a_class_that_a_later_version_adds_means_what_its_parent_means() -> None:
    class LaterError(exceptions.OutOfMemoryError): ...

    with pytest.raises(UnavailableError, match=r"\[redis-memory\]"):
        raise translate(LaterError("more"), "here")


@pytest.mark.parametrize("url", ["http://localhost:6379", "redis://localhost:port", "redis://localhost/db?timeout=x"])
def test_an_address_that_makes_no_sense_is_a_bad_setting(url: str) -> None:
    with pytest.raises(SettingsError, match=r"REDIS_URL: .*\[redis-url\]"):
        Lines(url, 1)


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("redis://ann:secret@cache.example:7000/1", "cache.example:7000"),
        ("redis://", "localhost:6379"),
        ("unix://:secret@/run/redis.sock", "/run/redis.sock"),
    ],
)
def test_messages_name_the_server_but_never_its_password(url: str, where: str) -> None:
    assert Lines(url, 1).where == where
