"""`segments worker`, `run` and `topics …`: what runs until it is told to stop, and the topics it works on."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from stream.cli.options import AsJson, RulesFolder
from stream.cli.screen import remark, say, say_json
from stream.cli.stopping import leaving, stoppable

if TYPE_CHECKING:
    from stream.app import Place, Rules
    from stream.ports import Clock
    from stream.settings import Settings

APPLY_WAIT_S = 60.0
Patience = Annotated[
    float, typer.Option("--wait", min=0, metavar="SECONDS", help="How long to wait for a broker that is away.")
]
TopicName = Literal["events", "transitions", "membership", "dead-letters"]
topics = typer.Typer(help="The topics of a deployment.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("worker")(worker)
    app.command("run")(run)
    app.add_typer(topics, name="topics")


def worker(rules: RulesFolder = None) -> None:
    """Serve the partitions that Kafka assigns to this process, until SIGTERM or Ctrl-C."""
    from stream.app import Place

    with stoppable():
        settings = ready(rules)
        asyncio.run(serve(Place(settings, clock_of(settings), settings.sources), loaded(settings)))


def run(rules: RulesFolder = None) -> None:
    """Run everything in one process on an embedded Valkey and an event log in memory: for a look, or a small shop."""
    from stream.app import embedded

    with stoppable():
        settings = ready(rules)
        read = loaded(settings)  # a mistake in the rules is said before any server is started
        with embedded(settings, Path(settings.folder), clock_of(settings), settings.sources) as place:
            remark(honest_line(Path(settings.folder)))
            remark(f"Kafka for producers and consumers: {place.settings.kafka_brokers}")
            asyncio.run(serve(place, read))


@topics.command("apply")
def apply(wait: Patience = APPLY_WAIT_S, as_json: AsJson = False) -> None:
    """Create the topics that are missing, as the settings say; leave those that are there as they are."""
    from stream.adapters.kafka import once_there
    from stream.adapters.kafka_reach import reach
    from stream.adapters.kafka_settings import kafka_options
    from stream.adapters.kafka_topics import apply_topics, topic_plans
    from stream.service.topics import Topics

    settings = ready(None)

    options = kafka_options(settings)
    topics, stamps = Topics(settings.topic_prefix), settings.clock == "wall" and not settings.sources
    plans = topic_plans(topics, settings.partitions, broker_stamps=stamps)

    async def create() -> list[str]:
        await reach(options)
        return await apply_topics(options, plans, settings.replication)

    created = asyncio.run(once_there(options, create, settings.backoff_min_ms, settings.backoff_max_ms, wait))
    if as_json:
        say_json({"ok": True, "created": created})
    else:
        say(f"created: {', '.join(created)}" if created else "all topics are there")


@topics.command("schema")
def schema(of: Annotated[TopicName, typer.Argument(help="The topic, by the last part of its name.")]) -> None:
    """Print the JSON Schema of what a topic holds; of dead letters, that of the headers which give the reason."""
    from stream.wire.published import schemas

    say(json.dumps(schemas()[of], indent=2))


def ready(rules: Path | None, *, is_quiet: bool = False) -> Settings:
    """Return the settings of this process, with logging set up. Raises SettingsError with every bad one.

    A page for people wants quiet: then what goes as it should is told at `debug` only.
    """
    import os
    from dataclasses import replace

    from stream.adapters.logs import set_up
    from stream.settings import read

    settings = read(os.environ)
    level = "warning" if is_quiet and settings.log_level == "info" else settings.log_level
    set_up(level, settings.log_format, sys.stderr)
    return replace(settings, rules=str(rules)) if rules is not None else settings


def loaded(settings: Settings) -> Rules:
    """Return the rules that the settings name, compiled. Raises SettingsError or RuleError."""
    from stream.adapters.files import read_rules, shipped_rules
    from stream.app import rules_of

    return rules_of(read_rules(Path(settings.rules) if settings.rules else shipped_rules()))


def clock_of(settings: Settings) -> Clock:
    """Return the clock that the settings name; a scaled one begins, once, at the present of the wall."""
    from stream.adapters.clock import ScaledClock, WallClock, wall_ms

    return ScaledClock(wall_ms(), settings.clock_speed) if settings.clock == "scaled" else WallClock()


def honest_line(folder: Path) -> str:
    """Return what the embedded default keeps and what it does not."""
    log = "the event log is in memory, about 5 MiB per partition, and ends with this process"
    return f"state is on disk ({folder}); {log}"


async def serve(place: Place, rules: Rules) -> None:
    """Run a worker until a signal asks it to stop. Raises Stopped where that comes while it still waits to begin."""
    from stream.app import running

    with leaving() as leave:
        async with running(place, rules) as it:
            leave.begun()
            remark(f"serving; /healthz /readyz /metrics on port {it.http_port}")
            await leave.asked()
            remark("stopping: what is at work ends, the rest goes to the next worker")
    remark("stopped")
