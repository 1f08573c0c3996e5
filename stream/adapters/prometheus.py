"""What /metrics shows: each metric is declared once below; a worker has its own registry, and counts once per batch."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from math import inf
from typing import Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Metric,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, SummaryMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

# a second series beside every counter, that no table of ours names
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library says no types here
MS = 1_000
LATENCIES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
COMMITS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
BATCHES = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000)

Sort = Literal["counter", "histogram", "gauge", "largest", "latest", "summary"]
Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Declared:
    """One metric: its name on /metrics, what sort it is, its labels, one sentence, and the bounds of a histogram.

    A gauge adds up the worker's partitions, `largest` takes the worst of them, `latest` has one value per worker.
    """

    name: str
    sort: Sort
    labels: Labels
    help: str
    bounds: tuple[float, ...] = ()


METRICS = (
    Declared("segments_events_total", "counter", ("outcome",), "Records, by what became of them."),
    Declared(
        "segments_transitions_total", "counter", ("dimension", "entered", "cause"), "Committed changes of segment."
    ),
    Declared(
        "segments_event_to_transition_seconds",
        "histogram",
        (),
        "From the record's time to the acknowledged transition.",
        LATENCIES,
    ),
    Declared(
        "segments_timer_lag_seconds",
        "histogram",
        (),
        "From the instant a timer was due to the acknowledged transition.",
        LATENCIES,
    ),
    Declared(
        "segments_timers_overdue",
        "gauge",
        (),
        "Customers whose wake-up has passed and was not served yet, at most 1,000 a partition.",
    ),
    Declared("segments_members", "gauge", ("dimension", "segment"), "Members, in this worker's partitions."),
    Declared("segments_commit_seconds", "histogram", (), "One commit to Redis.", COMMITS),
    Declared("segments_batch_events", "histogram", (), "Records in one commit.", BATCHES),
    Declared("segments_consumer_lag_records", "gauge", ("topic", "partition"), "Records not committed yet."),
    Declared("segments_consumer_lag_seconds", "largest", (), "For how long the partition has not been caught up."),
    Declared(
        "segments_intake_frontier_age_seconds",
        "latest",
        (),
        "How far the intake frontier is behind now; it holds the clock.",
    ),
    Declared(
        "segments_clock_jump_seconds",
        "latest",
        (),
        "How far the machine's clock jumped ahead (negative: back); beyond a minute it is not followed.",
    ),
    Declared("segments_outbox_records", "gauge", (), "Committed and not yet published."),
    Declared("segments_commits_refused_total", "counter", (), "Commits refused, because somebody else had written."),
    Declared("segments_dead_letters_total", "counter", ("stage", "code"), "Records put aside, by reason."),
    Declared("segments_late_total", "counter", (), "Events that came later than the tolerance."),
    Declared("segments_duplicates_total", "counter", (), "Records seen before."),
    Declared("segments_flaps_total", "counter", ("dimension",), "Returns to the segment that was left just before."),
    Declared("segments_rules_info", "latest", ("version",), "1 for the rules in use."),
    Declared("segments_profile_bytes", "summary", (), "Size of the profiles written."),
)


@dataclass(slots=True, eq=False)
class ByPartition(Collector):
    """A gauge that remembers what each partition said, so that a lost partition takes its share away."""

    declared: Declared
    combine: Callable[[float, float], float]
    values: dict[int, dict[Labels, float]] = field(default_factory=dict)

    def collect(self) -> Iterator[Metric]:
        """Yield the gauge, one sample for each combination of labels."""
        together: dict[Labels, float] = {}
        for said in list(self.values.values()):
            for labels, value in said.items():
                together[labels] = self.combine(together[labels], value) if labels in together else value
        if not together and not self.declared.labels:
            together[()] = 0.0
        family = GaugeMetricFamily(self.declared.name, self.declared.help, labels=self.declared.labels)
        for labels, value in sorted(together.items()):
            family.add_metric(labels, value)
        yield family


@dataclass(slots=True, eq=False)
class Sizes(Collector):
    """A count and a sum that take a whole batch at once."""

    declared: Declared
    count: int = 0
    total: int = 0

    def collect(self) -> Iterator[Metric]:
        """Yield count and sum; their quotient is the mean."""
        yield SummaryMetricFamily(self.declared.name, self.declared.help, count_value=self.count, sum_value=self.total)


class Spread(Collector):
    """A histogram that takes a whole batch at once: the library's own asks every bound, at every value."""

    def __init__(self, declared: Declared) -> None:
        """Have seen nothing."""
        self.declared = declared
        self._counts = [0] * (len(declared.bounds) + 1)
        self._sum = 0.0

    def take(self, values: Iterable[float]) -> None:
        """Take these values in."""
        bounds, counts = self.declared.bounds, self._counts
        for value in values:
            counts[bisect_left(bounds, value)] += 1
            self._sum += value

    def collect(self) -> Iterator[Metric]:
        """Yield how many values were at most as large as each bound."""
        bounds = map(floatToGoString, (*self.declared.bounds, inf))
        buckets = list(zip(bounds, map(float, accumulate(self._counts)), strict=True))
        yield HistogramMetricFamily(self.declared.name, self.declared.help, buckets=buckets, sum_value=self._sum)


class Prometheus:
    """The metrics of one worker. Every method is called once per batch or commit, never once per event."""

    def __init__(self) -> None:
        """Make a registry of our own, so that two workers in one process do not add up."""
        self.registry = CollectorRegistry(auto_describe=False)
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self._counters = {each.name: self._counter(each) for each in METRICS if each.sort == "counter"}
        self._counted: dict[tuple[str, Labels], Counter] = {}
        self._histograms = {each.name: self._histogram(each) for each in METRICS if each.sort == "histogram"}
        self._gauges = {each.name: self._gauge(each) for each in METRICS if each.sort in ("gauge", "largest", "latest")}
        self._profiles = Sizes(next(each for each in METRICS if each.sort == "summary"))
        self.registry.register(self._profiles)

    def _counter(self, each: Declared) -> Counter:
        return Counter(each.name, each.help, each.labels, registry=self.registry)

    def _histogram(self, each: Declared) -> Spread:
        histogram = Spread(each)
        self.registry.register(histogram)
        return histogram

    def _gauge(self, each: Declared) -> ByPartition:
        gauge = ByPartition(each, max if each.sort == "largest" else lambda a, b: a + b)
        self.registry.register(gauge)
        return gauge

    def render(self, accept: str) -> tuple[bytes, str]:
        """Return the page for a scraper that accepts these formats, and its content type."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

    def _count(self, name: str, n: int, *labels: str) -> None:
        counter = self._counted.get((name, labels))
        if counter is None:
            counter = self._counters[name]
            self._counted[name, labels] = counter = counter.labels(*labels) if labels else counter
        if n:
            counter.inc(n)

    def _observe(self, name: str, values: Iterable[float]) -> None:
        self._histograms[name].take(values)

    def _say(self, name: str, partition: int, value: float, *labels: str) -> None:
        self._gauges[name].values.setdefault(partition, {})[labels] = value

    def events(self, outcome: str, n: int) -> None:
        """Count n records with this outcome."""
        self._count("segments_events_total", n, outcome)

    def transitions(self, dimension: str, entered: str, cause: str, n: int) -> None:
        """Count n committed transitions into this segment, empty for outside."""
        self._count("segments_transitions_total", n, dimension, entered, cause)

    def event_to_transition(self, waited_ms: Iterable[int]) -> None:
        """Take one wait for each acknowledged transition that an event caused."""
        self._observe("segments_event_to_transition_seconds", (ms / MS for ms in waited_ms))

    def timer_lag(self, waited_ms: Iterable[int]) -> None:
        """Take one wait for each acknowledged transition that time caused."""
        self._observe("segments_timer_lag_seconds", (ms / MS for ms in waited_ms))

    def timers_overdue(self, partition: int, n: int) -> None:
        """Say how many customers of the partition should have been woken by now."""
        self._say("segments_timers_overdue", partition, n)

    def members(self, partition: int, counts: Mapping[tuple[str, str], int]) -> None:
        """Say how many members (dimension, segment) has in the partition; what is not named has none."""
        self._gauges["segments_members"].values[partition] = {key: n for key, n in counts.items()}

    def commit(self, took_ms: float, records: int) -> None:
        """Take one commit: how long it took and how many records were in it."""
        self._observe("segments_commit_seconds", (took_ms / MS,))
        self._observe("segments_batch_events", (records,))

    def lag(self, topic: str, partition: int, records: int, age_ms: int) -> None:
        """Say how many records of the partition wait, and how old the oldest is."""
        self._gauges["segments_consumer_lag_records"].values[partition] = {(topic, str(partition)): float(records)}
        self._say("segments_consumer_lag_seconds", partition, age_ms / MS)

    def intake_frontier_age(self, age_ms: int) -> None:
        """Say how far the intake frontier is behind now."""
        self._say("segments_intake_frontier_age_seconds", 0, age_ms / MS)

    def clock_jump(self, by_ms: int) -> None:
        """Say how far the machine's clock stands apart from what has passed since it was sound."""
        self._say("segments_clock_jump_seconds", 0, by_ms / MS)

    def outbox(self, partition: int, records: int) -> None:
        """Say how much of the partition is committed and not published."""
        self._say("segments_outbox_records", partition, records)

    def commits_refused(self, n: int = 1) -> None:
        """Count a commit that was refused."""
        self._count("segments_commits_refused_total", n)

    def dead_letters(self, stage: str, code: str, n: int) -> None:
        """Count n records put aside for this reason."""
        self._count("segments_dead_letters_total", n, stage, code)

    def late(self, n: int) -> None:
        """Count n late events."""
        self._count("segments_late_total", n)

    def duplicates(self, n: int) -> None:
        """Count n records seen before."""
        self._count("segments_duplicates_total", n)

    def flaps(self, dimension: str, n: int) -> None:
        """Count n returns to the segment left just before."""
        self._count("segments_flaps_total", n, dimension)

    def rules(self, version: str) -> None:
        """Say which rules are in use from now on."""
        self._gauges["segments_rules_info"].values[0] = {(version,): 1.0}

    def profiles(self, n: int, total_bytes: int) -> None:
        """Take n written profiles of so many bytes together."""
        self._profiles.count += n
        self._profiles.total += total_bytes

    def forget(self, partition: int) -> None:
        """Drop what was said about a partition that is no longer ours."""
        for name, gauge in self._gauges.items():
            if METRICS_BY_NAME[name].sort != "latest":
                gauge.values.pop(partition, None)


METRICS_BY_NAME = {each.name: each for each in METRICS}


def markdown() -> str:
    """Return the table of all metrics as it stands in the README."""
    lines = ["| metric | labels | what it says |", "|---|---|---|"]
    for each in METRICS:
        labels = ", ".join(f"`{label}`" for label in each.labels) or "–"
        lines.append(f"| `{each.name}` | {labels} | {each.help} |")
    return "\n".join(lines) + "\n"
