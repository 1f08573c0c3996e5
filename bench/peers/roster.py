"""Who takes part in the equal work: how each is started, and what it makes durable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.peers.setting_up import HERE, call, environment_of, streams_class_path

Command = list[str]


@dataclass(frozen=True, slots=True)
class Peer:
    """One peer: a command, built for a folder of its own, and words for the table."""

    name: str
    durable: str
    command: Callable[[Path], Command]
    settings: dict[str, str] = field(default_factory=dict)


def _faust(folder: Path) -> Command:
    return [str(environment_of("faust")), str(HERE / "faust_agent.py"), "worker", "--loglevel", "warn"]


def _bytewax(folder: Path) -> Command:
    python, recovery = str(environment_of("bytewax")), folder / "recovery"
    recovery.mkdir()
    call([python, "-m", "bytewax.recovery", str(recovery), "1"])
    return [python, "-m", "bytewax.run", "bytewax_flow:flow", "-r", str(recovery), "-s", "10", "-b", "0"]


def _quixstreams(folder: Path) -> Command:
    return [str(environment_of("quixstreams")), str(HERE / "quix_app.py")]


def _pathway(folder: Path) -> Command:
    return [str(environment_of("pathway")), str(HERE / "pathway_tables.py")]


def _streams(folder: Path) -> Command:
    class_path = streams_class_path()
    return ["java", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", class_path, "EqualWork"]


PEERS = (
    Peer("Faust agent", "changelog topic, positions every 2.8 s; at least once", _faust),
    Peer("bytewax", "snapshots of state and positions in SQLite every 10 s; at least once", _bytewax),
    Peer(
        "quixstreams, at least once",
        "RocksDB and changelog topic, positions every 5 s",
        _quixstreams,
        {"PEER_GUARANTEE": "at-least-once"},
    ),
    Peer(
        "quixstreams, exactly once",
        "the same in a transaction every 5 s",
        _quixstreams,
        {"PEER_GUARANTEE": "exactly-once"},
    ),
    Peer("pathway", "what it read, in files every second, worked again after a restart; at least once", _pathway),
    Peer(
        "Kafka Streams, at least once",
        "RocksDB and changelog topic, positions every 30 s",
        _streams,
        {"PEER_GUARANTEE": "at_least_once"},
    ),
    Peer(
        "Kafka Streams, exactly once",
        "the same in a transaction every 100 ms",
        _streams,
        {"PEER_GUARANTEE": "exactly_once_v2"},
    ),
)
OURS = "segments worker"
OURS_DURABLE = "state, position, timers and what is to be published in one commit to Redis per slice; each change once"
