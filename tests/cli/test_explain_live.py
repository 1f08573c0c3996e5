"""`segments explain` on the live state of a real Valkey."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from shutil import copytree

import pytest
from typer.testing import CliRunner

from stream.adapters.embedded import embedded_valkey
from stream.adapters.files import read_rules, shipped_rules
from stream.adapters.redis import RedisStore
from stream.app import rules_of
from stream.cli.main import app
from stream.core.engine import step
from stream.core.profile import Profile
from stream.ports import Commit
from stream.service.layout import Deployment
from stream.wire.event import decode_event
from stream.wire.head import Head, encode_head
from stream.wire.instant import to_ms
from stream.wire.placing import partition_of
from stream.wire.profile import encode_profile

PARTITIONS = 4
AT = "2026-11-20T10:00:00.000Z"
ORDER = {
    "event_id": "e1",
    "name": "order_placed",
    "customer_id": "c-1",
    "occurred_at": AT,
    "properties": {"order_id": "o1", "amount": "700.00", "currency": "GBP"},
}


async def stored(url: str) -> None:
    """Put one customer with one order into the state, as a worker would."""
    rules = rules_of(read_rules(shipped_rules()))
    profile = Profile("c-1")
    event = rules.plan.vocabulary.accept(decode_event(json.dumps(ORDER).encode()), to_ms(AT))
    step(profile, event, 0, rules.plan)
    store = RedisStore(url, "main")
    head = encode_head(Head(0, rules=(1, rules.hash)))
    layout = Deployment(PARTITIONS, "seg:main", rules.hash).layout
    await store.initialise(layout, dict.fromkeys(range(PARTITIONS), head))
    home = partition_of("c-1", PARTITIONS)
    await store.take(home)
    await store.commit(home, Commit(head, {"c-1": encode_profile(profile)}))
    await store.close()


@pytest.mark.servers
def test_a_customer_is_explained_from_the_live_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEGMENTS_RULES", raising=False)
    with embedded_valkey(tmp_path) as url:
        monkeypatch.setenv("REDIS_URL", url)
        run = CliRunner().invoke
        nothing = run(app, ["explain", "c-1"])
        assert nothing.exit_code == 1
        assert "nothing is stored under seg:main" in nothing.output
        asyncio.run(stored(url))
        told = run(app, ["explain", "c-1", "value.silver", "--at", "2026-11-21T00:00:00Z", "--json"])
        assert told.exit_code == 0, told.output
        (value,) = [each for each in json.loads(told.stdout)["dimensions"] if each["name"] == "value"]
        assert (value["segment"], value["since"]) == ("silver", AT)
        stranger = run(app, ["explain", "c-2"])
        assert (stranger.exit_code, "is not known to the live state" in stranger.output) == (1, True)
        early = run(app, ["explain", "c-1", "--at", "2026-11-19T00:00:00Z"])
        assert (early.exit_code, "nothing before the customer's last record" in early.output) == (1, True)
        others = copytree(shipped_rules(), tmp_path / "others")
        for path in (others / "audiences").glob("review_request*"):
            path.unlink()
        foreign = run(app, ["explain", "c-1", "--rules", str(others)])
        assert (foreign.exit_code, "kept under other rules" in foreign.output) == (1, True)


async def laid_out(url: str, layout: bytes) -> None:
    store = RedisStore(url, "main")
    await store.initialise(layout, {0: b"head"})
    await store.close()


@pytest.mark.servers
def test_a_state_of_another_version_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEGMENTS_RULES", raising=False)
    ours = json.loads(Deployment(1, "seg:main", "").layout)
    with embedded_valkey(tmp_path) as url:
        monkeypatch.setenv("REDIS_URL", url)
        asyncio.run(laid_out(url, json.dumps(ours | {"profile": 0}, sort_keys=True).encode()))
        told = CliRunner().invoke(app, ["explain", "c-1"])
    assert told.exit_code == 1
    assert "ask with the version that keeps the state [layout]" in told.output
