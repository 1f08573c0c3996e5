"""A merge in the log: what is read of it, and what is refused, with what to write."""

from __future__ import annotations

import pytest

from stream.errors import InputError
from stream.wire.merge import Merge, decode_merge
from stream.wire.replay import decode_line, encode_line
from tests.histories import START_MS

IDS = b'{"stays": "c-1", "goes": "anon:7"}'


def test_it_says_who_stays_and_who_goes() -> None:
    assert decode_merge(IDS) == Merge("c-1", "anon:7")


def test_it_is_a_line_of_a_replay() -> None:
    assert decode_line(encode_line(START_MS, "merge", IDS)).content == Merge("c-1", "anon:7")


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"[" * 5_000, b'{"stays": "a", "goes": ""}', b'{"stays": 1, "goes": "b"}']
)
def test_what_cannot_be_read_is_refused(text: bytes) -> None:
    with pytest.raises(InputError, match=r'write \{"stays": ID, "goes": ID\}'):
        decode_merge(text)


def test_nobody_goes_into_himself() -> None:
    with pytest.raises(InputError, match="'a' goes into itself; name two ids"):
        decode_merge(b'{"stays": "a", "goes": "a"}')
