"""`python -m bench [--quick] [--json] [--record] [NAME…]`: run benchmarks and tell their figures."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from time import perf_counter

from bench.measure import BrokenRunError, origin
from bench.report import Report, as_json, record
from bench.stage import Stage

BENCHMARKS = {
    "peers": "equal work side by side with Faust, bytewax, quixstreams, pathway and Kafka Streams",
    "engine": "the pure parts: events a second and µs of CPU an event",
    "parts": "decode, partition, commit and relay, each by itself",
    "scaling": "what the cost of an event grows with: rules, customers, history, cold reads, timers, batches",
    "tools": "what writers of rules wait for: check, test and preview as whole commands",
    "memory": "bytes per customer in Redis and in the worker's cache",
    "dimensions": "bytes of a profile with and without each dimension",
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
    failed: list[str] = []
    began = perf_counter()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        stage = Stage(asked.quick, folder, stack)
        for name in asked.names or BENCHMARKS:
            sys.stderr.write(f"{name}: {BENCHMARKS[name]} …\n")
            try:
                found = import_module(f"bench.{name}").run(stage)
            except BrokenRunError as error:
                failed.append(f"{name}: {error}")
                sys.stderr.write(f"{failed[-1]}\n")
                continue
            for each in found:
                reports.append(each)
                if not asked.json:
                    print(each.text(where), flush=True)
                if asked.record:
                    record(PAPER, each, where)
    answer = as_json(reports, where, failed) | {"seconds": round(perf_counter() - began, 1)}
    print(json.dumps(answer, ensure_ascii=False))
    return 1 if failed else 0


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
    sys.exit(main())
