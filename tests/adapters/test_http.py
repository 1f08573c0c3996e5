"""The three pages, over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import aiohttp
import pytest

from stream.adapters.http import Http
from stream.adapters.prometheus import Prometheus
from stream.errors import SettingsError

LOOPBACK = "127.0.0.1"


class Worker:
    """Stands in for a role: says what it misses, and may hang."""

    def __init__(self) -> None:
        self.missing: list[str] = []
        self.hangs = False
        self.metrics = Prometheus()

    async def unready(self) -> Sequence[str]:
        if self.hangs:
            await asyncio.Event().wait()
        return self.missing


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
async def address(worker: Worker) -> AsyncIterator[str]:
    http = Http(LOOPBACK, 0, worker.unready, worker.metrics.render)
    yield f"http://{LOOPBACK}:{await http.start()}"
    await http.stop()


async def get(url: str, **headers: str) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        return response.status, await response.text(), response.headers["Content-Type"]


async def test_healthz_answers_even_when_not_ready(address: str, worker: Worker) -> None:
    worker.missing = ["Redis does not answer"]
    assert (await get(address + "/healthz"))[:2] == (200, "ok\n")


async def test_readyz_names_what_is_missing(address: str, worker: Worker) -> None:
    worker.missing = ["rules are not loaded", "Redis does not answer"]
    assert (await get(address + "/readyz"))[:2] == (503, "rules are not loaded\nRedis does not answer\n")
    worker.missing = []
    assert (await get(address + "/readyz"))[:2] == (200, "ready\n")


async def test_readyz_does_not_wait_for_ever(address: str, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.adapters.http.READY_WITHIN_S", 0.01)
    worker.hangs = True
    assert (await get(address + "/readyz"))[:2] == (503, "no answer from the neighbours within 0.01 s\n")


async def test_metrics_are_served_in_the_format_asked_for(address: str, worker: Worker) -> None:
    worker.metrics.events("applied", 3)
    status, text, content_type = await get(address + "/metrics")
    assert status == 200
    assert content_type.startswith("text/plain")
    assert 'segments_events_total{outcome="applied"} 3.0\n' in text
    _, text, content_type = await get(address + "/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert text.endswith("# EOF\n")


async def test_a_port_in_use_is_told_without_a_traceback(address: str, worker: Worker) -> None:
    port = int(address.rpartition(":")[2])
    second = Http(LOOPBACK, port, worker.unready, worker.metrics.render)
    with pytest.raises(
        SettingsError, match=rf"SEGMENTS_HTTP_PORT: cannot listen on {LOOPBACK}:{port} .*choose another"
    ):
        await second.start()


async def test_an_address_that_is_not_ours_is_told(worker: Worker) -> None:
    with pytest.raises(SettingsError, match=r"cannot listen on 192\.0\.2\.1:0"):
        await Http("192.0.2.1", 0, worker.unready, worker.metrics.render).start()


async def test_a_port_is_free_again_after_stop(worker: Worker) -> None:
    http = Http(LOOPBACK, 0, worker.unready, worker.metrics.render)
    port = await http.start()
    await http.stop()
    await http.stop()
    again = Http(LOOPBACK, port, worker.unready, worker.metrics.render)
    assert await again.start() == port
    await again.stop()
