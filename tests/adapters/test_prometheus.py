"""Metrics: what each call shows on the page."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from stream.adapters.prometheus import METRICS, Prometheus, markdown

Samples = dict[tuple[str, tuple[str, ...]], float]


@pytest.fixture
def metrics() -> Prometheus:
    return Prometheus()


def page(metrics: Prometheus) -> Samples:
    """Return each sample under its name and its labels' values, in the alphabetic order of the labels' names."""
    text = metrics.render("")[0].decode()
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value for sample in samples
    }


def all_of_them(metrics: Prometheus) -> None:
    metrics.events("applied", 10)
    metrics.transitions("lifecycle", "active", "event", 2)
    metrics.event_to_transition([20, 70])
    metrics.timer_lag([1_500])
    metrics.timers_overdue(0, 4)
    metrics.members(0, {("lifecycle", "active"): 5})
    metrics.commit(1.2, 10)
    metrics.lag("segments.events.v1", 0, 7, 2_000)
    metrics.intake_frontier_age(300)
    metrics.clock_jump(-90_000)
    metrics.outbox(0, 9)
    metrics.commits_refused()
    metrics.dead_letters("decode", "json", 1)
    metrics.late(1)
    metrics.duplicates(2)
    metrics.flaps("lifecycle", 1)
    metrics.rules("abc")
    metrics.profiles(3, 900)


def test_every_call_shows_in_base_units(metrics: Prometheus) -> None:
    all_of_them(metrics)
    shown = page(metrics)
    assert shown["segments_events_total", ("applied",)] == 10
    assert shown["segments_transitions_total", ("event", "lifecycle", "active")] == 2
    assert shown["segments_event_to_transition_seconds_sum", ()] == pytest.approx(0.09)
    assert shown["segments_event_to_transition_seconds_count", ()] == 2
    assert shown["segments_timer_lag_seconds_sum", ()] == 1.5
    assert shown["segments_timers_overdue", ()] == 4
    assert shown["segments_members", ("lifecycle", "active")] == 5
    assert shown["segments_commit_seconds_sum", ()] == pytest.approx(0.0012)
    assert shown["segments_batch_events_sum", ()] == 10
    assert shown["segments_consumer_lag_records", ("0", "segments.events.v1")] == 7
    assert shown["segments_consumer_lag_seconds", ()] == 2
    assert shown["segments_intake_frontier_age_seconds", ()] == pytest.approx(0.3)
    assert shown["segments_clock_jump_seconds", ()] == -90
    assert shown["segments_outbox_records", ()] == 9
    assert shown["segments_commits_refused_total", ()] == 1
    assert shown["segments_dead_letters_total", ("json", "decode")] == 1
    assert shown["segments_late_total", ()] == 1
    assert shown["segments_duplicates_total", ()] == 2
    assert shown["segments_flaps_total", ("lifecycle",)] == 1
    assert shown["segments_rules_info", ("abc",)] == 1
    assert shown["segments_profile_bytes_count", ()] == 3
    assert shown["segments_profile_bytes_sum", ()] == 900


def test_every_declared_metric_is_on_the_page(metrics: Prometheus) -> None:
    all_of_them(metrics)
    shown = {name for name, _ in page(metrics)}
    missing = [each.name for each in METRICS if not {each.name, f"{each.name}_count"} & shown]
    assert missing == []
    assert [name for name in sorted(shown) if name.endswith("_created")] == [], "no table names them"


def test_partitions_add_up_and_the_worst_age_counts(metrics: Prometheus) -> None:
    metrics.members(0, {("value", "gold"): 5, ("value", "none"): 1})
    metrics.members(1, {("value", "gold"): 2})
    metrics.outbox(0, 10)
    metrics.outbox(1, 1)
    metrics.lag("t", 0, 1, 9_000)
    metrics.lag("t", 1, 1, 4_000)
    shown = page(metrics)
    assert shown["segments_members", ("value", "gold")] == 7
    assert shown["segments_outbox_records", ()] == 11
    assert shown["segments_consumer_lag_seconds", ()] == 9


def test_what_is_not_named_again_is_gone(metrics: Prometheus) -> None:
    metrics.members(0, {("value", "gold"): 5})
    metrics.members(0, {("value", "silver"): 5})
    metrics.rules("old")
    metrics.rules("new")
    shown = page(metrics)
    assert ("segments_members", ("value", "gold")) not in shown
    assert [labels for name, labels in shown if name == "segments_rules_info"] == [("new",)]


def test_a_lost_partition_takes_its_share_away(metrics: Prometheus) -> None:
    all_of_them(metrics)
    metrics.members(1, {("lifecycle", "active"): 2})
    metrics.forget(0)
    shown = page(metrics)
    assert shown["segments_members", ("lifecycle", "active")] == 2
    assert shown["segments_outbox_records", ()] == 0
    assert ("segments_consumer_lag_records", ("0", "segments.events.v1")) not in shown
    assert shown["segments_events_total", ("applied",)] == 10
    assert shown["segments_rules_info", ("abc",)] == 1


def test_two_workers_in_one_process_do_not_mix() -> None:
    one, other = Prometheus(), Prometheus()
    one.late(5)
    assert page(other)["segments_late_total", ()] == 0


def test_no_metric_has_the_customer_as_label() -> None:
    assert not [each.name for each in METRICS if "customer" in " ".join(each.labels)]


def test_names_follow_the_conventions() -> None:
    for each in METRICS:
        assert each.name.startswith("segments_")
        assert each.name.endswith("_total") == (each.sort == "counter"), each.name
        assert each.help.endswith("."), each.name
        assert f"| `{each.name}` |" in markdown()
