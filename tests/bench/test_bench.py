"""The benchmarks themselves: figures are what they say, tables can be read, slices work what the engine works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from bench import engine, memory, mix, profile, rulesets
from bench.__main__ import BENCHMARKS, PAPER, answer, main
from bench.latency import first_share
from bench.measure import REPOSITORY, BrokenRunError, CpuMeter, Origin, middle, quantile, quantiles
from bench.report import BEGIN, END, Report, as_json, record, told
from bench.shelf import Shelf
from bench.stage import Stage

WHERE = Origin("abc1234", "python -m bench engine", "2026-11-22 10:00 UTC", "2 cores")


def test_quantiles_are_those_of_the_values() -> None:
    assert quantiles(range(100, 0, -1)) == {"p50 ms": 51, "p95 ms": 96, "p99 ms": 100, "max ms": 100}
    assert quantiles([]) == {"p50 ms": None, "p95 ms": None, "p99 ms": None, "max ms": None}
    assert quantile([7.0], 0.99) == 7.0


def test_several_runs_become_one_row_of_medians_with_their_spread() -> None:
    runs: list[Any] = [
        {"who": "worker", "s": 1.0, "p": None},
        {"who": "worker", "s": 9.0, "p": 4},
        {"who": "worker", "s": 2.0, "p": 6},
    ]
    assert middle(runs, "s") == {"who": "worker", "s": 2.0, "p": 5, "lowest s": 1.0, "highest s": 9.0, "runs": 3}
    assert middle(runs[:1]) == runs[0]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        ("worker", "worker"),
        (12_345, "12,345"),
        (12_345.6, "12,346"),
        (12.34, "12.3"),
        (1.234, "1.23"),
        (0.1234, "0.123"),
    ],
)
def test_a_cell_has_three_figures(value: Any, text: str) -> None:
    assert told(value) == text


def test_a_table_is_told_with_commit_and_command_beside_it() -> None:
    report = Report(
        "engine", "The engine", [{"part": "decode", "events/s": 12_345}, {"part": "all", "us": 1.5}], ["a note"]
    )
    assert report.text(WHERE).splitlines() == [
        "",
        "engine: The engine",
        "",
        "part    events/s    us",
        "------  --------  ----",
        "decode    12,345     –",
        "all            –  1.50",
        "a note",
        "2026-11-22 10:00 UTC · commit abc1234 · `python -m bench engine` · 2 cores",
    ]
    assert "| decode | 12,345 | – |" in report.markdown(WHERE)


def test_the_answer_says_what_failed() -> None:
    answer = as_json([Report("engine", "The engine", [{"s": 1}])], WHERE, ["worker: it ended"])
    assert (answer["ok"], answer["failed"]) == (False, ["worker: it ended"])
    assert answer["benchmarks"]["engine"]["rows"] == [{"s": 1}]
    assert answer["origin"]["commit"] == "abc1234"


def test_without_peers_the_answer_says_why_there_are_no_ratios() -> None:
    told = answer([Report("engine", "The engine", [{"s": 1}])], WHERE, {"peers": "no broker"}, 1.26)
    assert (told["ok"], told["failed"], told["seconds"]) == (False, ["peers: no broker"], 1.3)
    assert (told["ours_to_peers"], told["no_ours_to_peers"]) == (None, "no broker")
    assert list(told["benchmarks"]) == ["engine"]


@pytest.mark.parametrize("error", [BrokenRunError("it ended"), KeyError("fork")], ids=["foreseen", "unforeseen"])
def test_a_benchmark_that_falls_over_does_not_take_the_others_along(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(stage: Stage) -> list[Report]:
        raise error

    monkeypatch.setattr(memory, "run", run)
    monkeypatch.setattr(engine, "run", lambda stage: [Report("engine", "The engine", [{"s": 1}])])
    monkeypatch.setattr(sys, "argv", ["bench", "--json", "memory", "engine"])
    assert main() == 1
    out, said = capsys.readouterr()
    closing = json.loads(out.splitlines()[-1])
    assert (closing["ok"], list(closing["benchmarks"])) == (False, ["engine"])
    assert closing["failed"][0].startswith("memory: ")
    assert ("Traceback" in said) == isinstance(error, KeyError)


def test_a_table_is_put_between_its_marks_and_nowhere_else(tmp_path: Path) -> None:
    paper = tmp_path / "README.md"
    begin, end = BEGIN.format("engine"), END.format("engine")
    paper.write_text(f"before\n{begin}\nold\n{end}\nafter\n")
    record(paper, Report("engine", "The engine", [{"s": 1}]), WHERE)
    text = paper.read_text()
    assert text.startswith(f"before\n{begin}\nThe engine\n")
    assert text.endswith(f"{end}\nafter\n")
    assert "old" not in text
    with pytest.raises(ValueError, match="no <!-- figures of memory -->"):
        record(paper, Report("memory", "Memory", [{"s": 1}]), WHERE)


def test_the_paper_has_room_for_every_benchmark() -> None:
    text = PAPER.read_text(encoding="utf-8")
    assert [name for name in BENCHMARKS if BEGIN.format(name) not in text or END.format(name) not in text] == []


def test_the_records_are_the_same_each_time_and_in_the_order_of_time() -> None:
    once, again = mix.traffic(500), mix.traffic(500)
    assert once.messages == again.messages
    times = [at_ms for *_, at_ms in once.messages if at_ms is not None]
    assert times == sorted(times)
    assert len(times) == len(once.messages)
    placed = mix.by_partition(once.messages, 4)
    ticks = sum(key is None for key, *_ in once.messages)
    assert ticks > 0
    assert sum(map(len, placed.values())) == 500 + 4 * ticks


def test_the_starter_rules_do_not_grow_with_the_catalogue() -> None:
    assert rulesets.starter().segments == 17


@pytest.mark.parametrize("fed", [mix.traffic(800), mix.history(200)], ids=["traffic", "history"])
def test_the_slices_of_the_benchmark_cause_what_the_engine_causes(fed: mix.Mix) -> None:
    plan = rulesets.starter().rules.plan
    found = engine.engine(fed.records(), 0, plan)
    shelf = Shelf(plan)
    shelf.work(fed.records())
    assert found["transitions"] == shelf.transitions > 0
    assert found["first records"] == len(shelf.profiles) > 0


def test_the_share_of_first_records_is_of_the_measured_part() -> None:
    known = {"a"}
    sent = [[{"customer_id": each} for each in part] for part in ("ab", "abcd")]
    assert first_share(sent, known) == 0.5
    assert known == set("abcd")
    assert first_share([[], []], known) is None


def test_a_processor_used_shows_in_the_meter() -> None:
    meter = CpuMeter({"us": os.getpid()})
    began = process_time()
    while process_time() - began < 0.1:
        sum(range(10_000))
    assert meter.used_s()["us"] >= 0.08


def test_the_time_of_the_main_thread_is_told_by_part_without_its_waiting() -> None:
    step = ["bench/sampled.py:<module>", "stream/service/slices.py:Work.apply", "stream/core/engine.py:step"]
    samples = [
        ("MainThread", step, 6),
        ("MainThread", ["stream/adapters/redis.py:RedisStore.commit", "asyncio/x.py:write"], 2),
        ("MainThread", ["asyncio/x.py:run", "selectors.py:EpollSelector.select"], 90),
        ("Kafka", step, 50),
    ]
    found = profile.told({"MainThread": 4.0, "Kafka": 1.0, "idle": 0.0}, samples)
    assert {where: used_s for where, used_s in found.items() if used_s} == {
        "main thread: engine": 3.0,
        "main thread: Redis: commits": 1.0,
        "main thread, all": 4.0,
        "thread Kafka": 1.0,
    }


@pytest.mark.nightly
def test_the_quick_benchmark_ends_with_one_json_object() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert sorted(json.loads(done.stdout.splitlines()[-1])["benchmarks"]) == sorted(BENCHMARKS)
