"""The cache: it never holds more than its bound, and forgets the least recently used."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream.service.cache import OVERHEAD_BYTES, Cache


def test_the_least_recently_used_is_forgotten_first() -> None:
    cache = Cache(2 * (OVERHEAD_BYTES + 10))
    cache.put("a", b"x" * 10)
    cache.put("b", b"x" * 10)
    assert cache.get("a") == b"x" * 10
    cache.put("c", b"x" * 10)
    assert (cache.get("a"), cache.get("b"), len(cache)) == (b"x" * 10, None, 2)


def test_what_is_larger_than_the_cache_is_not_kept() -> None:
    cache = Cache(OVERHEAD_BYTES)
    cache.put("a", b"x")
    assert cache.get("a") is None
    assert cache.size_bytes == 0


def test_a_cleared_cache_is_empty() -> None:
    cache = Cache(10_000)
    cache.put("a", b"x")
    cache.clear()
    assert (cache.get("a"), len(cache), cache.size_bytes) == (None, 0, 0)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.binary(max_size=300))), st.integers(0, 1_500))
def test_it_keeps_its_bound_and_never_an_old_value(puts: list[tuple[str, bytes]], limit: int) -> None:
    cache = Cache(limit)
    newest: dict[str, bytes] = {}
    for name, packed in puts:
        cache.put(name, packed)
        newest[name] = packed
        kept = {each: got for each in newest if (got := cache.get(each)) is not None}
        assert kept.items() <= newest.items()
        assert cache.size_bytes == sum(len(each) + OVERHEAD_BYTES for each in kept.values()) <= limit
