"""`segments worker` for the mock broker, whose log lives in memory: the same, but it asks for no topic settings."""

from __future__ import annotations

import asyncio
import os

from stream.adapters.clock import WallClock
from stream.app import Place
from stream.cli.serve import loaded, ready, serve


def main() -> None:
    """Serve until SIGTERM."""
    settings = ready(None)
    log_id = os.environ["SEGMENTS_TOPIC_PREFIX"]
    asyncio.run(serve(Place(settings, WallClock(), log_id=log_id), loaded(settings)))


if __name__ == "__main__":
    main()
