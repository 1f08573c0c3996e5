"""What the demo shows: a live page on a terminal, plain lines elsewhere; every figure comes from outside the engine."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from itertools import count
from time import perf_counter
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from stream.adapters.scrape import Page, scrape
from stream.cli.demo_page import page
from stream.cli.screen import remark
from stream.errors import UnavailableError
from stream.wire.instant import to_text
from stream.wire.sentence import sentence

if TYPE_CHECKING:
    import aiohttp

    from stream.app import Running
    from stream.demo.show import Show

REFRESH_S = 0.5
LINE_EVERY = 4
QUIET_LINE_EVERY = 5
"""Without a terminal, a line at every so many refreshes."""
CAUSES = {"event": "because of an event", "time": "because time passed"}
"""Kinds of cause, and the titles under which the page tells of them."""
EVENTS = ("accepted", "duplicate", "duplicate_order", "dead_letter")
RATE_OVER = 8
"""Refreshes over which events per second are taken."""


def minute_words(at_ms: int) -> str:
    """Return an instant to the minute, in UTC."""
    return to_text(at_ms)[:16].replace("T", " ")


class View:
    """Looks at the topics (through the watcher) and at /metrics, and shows what it sees."""

    def __init__(self, show: Show, it: Running, session: aiohttp.ClientSession, *, is_quiet: bool) -> None:
        """Show nothing yet; `is_quiet` leaves all but the answer out where nobody watches."""
        self._show, self._it, self._session = show, it, session
        self._is_quiet = is_quiet
        self._page = Page([])
        self._events: deque[tuple[float, float]] = deque(maxlen=RATE_OVER)
        self._zone = ZoneInfo(it.rules.ruleset.vocabulary.zone)

    async def run(self) -> None:
        """Show again and again, for ever."""
        if sys.stderr.isatty():
            await self._live()
        else:
            await self._lines()

    async def _live(self) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        console = Console(stderr=True)
        with Live(console=console, auto_refresh=False, screen=False) as live:
            while True:
                await self._look()
                width, height = console.size
                # the last line stays free: the cursor stands there when the page has ended
                shown = Text(self._picture(width, height - 1))
                shown.stylize("bold", 0, shown.plain.find("\n"))
                live.update(shown, refresh=True)
                await asyncio.sleep(REFRESH_S)

    async def _lines(self) -> None:
        told: dict[str, int] = {}
        for number in count():
            await self._look()
            if self._is_quiet and not number % QUIET_LINE_EVERY:
                remark(self._status())
            if not self._is_quiet:
                remark(self._status())
                for kind, latest in self._show.watcher.latest.items():
                    newest = latest[0]
                    if told.get(kind) != id(newest):
                        told[kind] = id(newest)
                        remark(f"  {sentence(newest, self._zone)}")
            await asyncio.sleep(REFRESH_S * LINE_EVERY)

    async def _look(self) -> None:
        try:
            self._page = await scrape(self._session, self._it.http_port)
        except UnavailableError:
            return
        self._events.append((perf_counter(), self._count()))

    def _count(self) -> float:
        return sum(self._page.total("segments_events_total", outcome=each) for each in EVENTS)

    def _members(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for name, labels, value in self._page.samples:
            if name == "segments_members" and value:
                found.setdefault(labels["dimension"], {})[labels["segment"]] = int(value)
        return found

    def _rate(self) -> float:
        if len(self._events) < 2:  # noqa: PLR2004 - a rate needs two looks
            return 0.0
        (t0, n0), (t1, n1) = self._events[0], self._events[-1]
        return (n1 - n0) / max(t1 - t0, 1e-9)

    def _status(self) -> str:
        return f"{self._headline()}, {self._figures()}"

    def _headline(self) -> str:
        show = self._show
        loaded = f" {show.read:,} of {show.records:,}" if show.read < show.records else ""
        return f"{show.stage}{loaded}: {minute_words(show.clock.now_ms())}"

    def _figures(self) -> str:
        watcher, lag = self._show.watcher, self._page.total("segments_consumer_lag_records")
        p50, p99 = watcher.latency_ms((0.5, 0.99))
        latency = f", transition after {p50:.0f} ms (p99 {p99:.0f})" if p50 is not None and p99 is not None else ""
        return (
            f"{self._rate():,.0f} events/s, lag {lag:,.0f}, "
            f"{watcher.transitions:,} transitions ({watcher.by_cause['event']:,} by events, "
            f"{watcher.by_cause['time']:,} by time){latency}"
        )

    def _picture(self, width: int, height: int) -> str:
        told = {
            title: [sentence(body, self._zone) for body in self._show.watcher.latest.get(kind, ())]
            for kind, title in CAUSES.items()
        }
        return page((self._headline(), self._figures()), self._members(), told, width, height)

    def farewell(self) -> str:
        """Return where simulated time stopped, and what the next start does."""
        stopped = f"stopped at {minute_words(self._show.clock.now_ms())} (simulated time)"
        return f"{stopped}; the next start goes on from there, `--fresh` begins anew"

    async def answer(self, seconds: float, *, is_caught_up: bool) -> dict[str, Any]:
        """Return the figures: events and members from /metrics, transitions from their topic."""
        await self._look()
        events = int(self._count())
        return {
            "caught_up": is_caught_up,
            "events": events,
            "transitions": self._show.watcher.transitions,
            "members": self._members(),
            "seconds": round(seconds, 3),
            "events_per_second": round(events / seconds, 1),
        }
