"""`python -m bench [--quick] [--json] [--record] [NAME…]`: run benchmarks and tell their figures."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

from bench.measure import BrokenRunError, Origin, origin
from bench.report import Report, as_json, record
from bench.stage import Stage

BENCHMARKS = {
    "peers": "equal work side by side with Faust, bytewax, quixstreams, pathway and Kafka Streams",
    "engine": "the pure parts: events a second and µs of CPU an event",
    "parts": "decode, partition, commit and relay, each by itself",
    "scaling": "what the cost of an event grows with: rules, customers, history, cold reads, timers, batches",
    "tools": "what writers of rules wait for: check, test and preview as whole commands",
    "memory": "bytes per customer in Redis and in the worker's cache",
    "dimensions": "bytes of a customer, packed and in Redis, with and without each dimension",
    "aof": "what the append-only file costs at a steady rate",
    "worker": "topic to committed to published, beside a bare consumer of the same log",
    "profile": "where a worker's time goes, by part of the work and by thread",
    "latency": "produced to received by an outside consumer, at paced rates",
    "timers": "due to received, many timers due in a few seconds",
}
PAPER = Path(__file__).with_name("README.md")


def main() -> int:
    """Run what was asked for; the last line is one JSON object. Return 1 where a benchmark could not be finished."""
    asked = _asked()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # topics that are a moment old make it talk
    where = origin(sys.argv[1:])
    reports: list[Report] = []
    failed: dict[str, str] = {}
    began = perf_counter()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        stage = Stage(asked.quick, folder, stack)
        for name in asked.names or BENCHMARKS:
            sys.stderr.write(f"{name}: {BENCHMARKS[name]} …\n")
            try:
                for each in import_module(f"bench.{name}").run(stage):
                    reports.append(each)
                    _tell(each, where, asked)
            except Exception as error:  # whatever one of them fell over: the figures of the others must not be lost
                failed[name] = _told(error)
                sys.stderr.write(f"{name}: {failed[name]}\n")
        # before the servers stop: one that does not must not take the figures along
        print(json.dumps(answer(reports, where, failed, perf_counter() - began), ensure_ascii=False), flush=True)
    return 1 if failed else 0


def _tell(report: Report, where: Origin, asked: argparse.Namespace) -> None:
    if not asked.json:
        print(report.text(where), flush=True)
    if asked.record:
        record(PAPER, report, where)


def _told(error: Exception) -> str:
    """Return why a benchmark could not be finished; what nobody foresaw shows where it happened, on stderr."""
    if isinstance(error, BrokenRunError):
        return str(error)
    traceback.print_exception(error)
    return f"{type(error).__name__}: {error}"


def answer(reports: Sequence[Report], where: Origin, failed: Mapping[str, str], seconds: float) -> dict[str, Any]:
    """Return the closing object; where peers could not be measured it says why there are no ratios."""
    told = as_json(reports, where, [f"{name}: {why}" for name, why in failed.items()])
    if "peers" in failed:
        told = {"ours_to_peers": None, "no_ours_to_peers": failed["peers"]} | told
    return told | {"seconds": round(seconds, 1)}


def _asked() -> argparse.Namespace:
    named = "\n".join(f"  {name:<10} {what}" for name, what in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench", epilog=f"benchmarks:\n{named}", formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which; all without any")
    parser.add_argument("--quick", action="store_true", help="small sizes, one run each: does it run at all")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--record", action="store_true", help="put the tables into bench/README.md, too")
    asked = parser.parse_args()
    if unknown := [name for name in asked.names if name not in BENCHMARKS]:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    return asked


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # who is asked to end stops its servers, too
    sys.exit(main())
