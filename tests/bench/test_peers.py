"""The equal work: what is compared is the same work, and what is told of it is what was measured."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bench import equal
from bench.peers import fold, setting_up
from bench.peers.beside import CPU, KEY, compared, first_records, lasted
from bench.peers.outputs import changes_in
from bench.peers.setting_up import HERE, PeerMissingError, call, once
from bench.shelf import Shelf


def test_the_equal_log_is_the_same_each_time_and_its_customers_are_skewed() -> None:
    log = equal.log(5_000)
    assert log == equal.log(5_000)
    assert [*log.warm_up, *log.measured] == log.purchases
    busiest = Counter(each.customer_id for each in log.purchases).most_common()
    assert busiest[0][1] > 20 * busiest[len(busiest) // 2][1]


def test_a_customer_enters_each_rule_once() -> None:
    found = equal.changes(equal.log(5_000).purchases)
    assert set(found.values()) == {1}
    assert {rule for _, rule in found} == {"regular", "big_spender"}


def test_our_rules_mean_what_the_work_in_plain_python_means() -> None:
    log = equal.log(3_000)
    shelf = Shelf(equal.rules().rules.plan, is_kept=True)
    shelf.work(log.records())
    assert changes_in(shelf.told) == equal.changes(log.purchases)


@pytest.mark.parametrize("name", ["REGULAR_COUNT", "BIG_SUM", "LAST"])
def test_the_java_peer_has_the_bars_of_the_others(name: str) -> None:
    source = (HERE / "EqualWork.java").read_text()
    assert re.findall(rf"{name} = (\d+);", source) == [str(getattr(fold, name))]


def test_changes_of_all_contestants_read_alike() -> None:
    values = [
        b'{"customer_id":"a","rule":"regular","count":3,"sum":9,"last":1}',
        b'{"customer_id":"b","entered":"regular","dimension":"audiences.regular","sequence":1}',
        b'{"customer_id":"c","rule":"regular","diff":1,"time":1}',
        b'{"customer_id":"c","rule":"regular","diff":-1,"time":2}',
    ]
    assert changes_in(values) == {("a", "regular"): 1, ("b", "regular"): 1, ("c", "regular"): 0}


def test_our_ratio_to_each_stands_in_its_row_and_at_the_top() -> None:
    rows: list[Any] = [
        {"who": "ours", KEY: 20.0, CPU: 5.0, "makes durable": "all"},
        {"who": "quick", KEY: 40.0, CPU: 2.5, "makes durable": "little"},
        {"who": "gone", "makes durable": "not measured: no java"},
    ]
    assert compared(rows) == {"ours_to_peers": {"quick": 0.5, "gone": None}}
    assert (rows[1]["ours ÷ it, events/s"], rows[1]["its CPU ÷ ours"]) == (0.5, 0.5)
    assert list(rows[1])[-1] == "makes durable"


def test_first_records_are_the_customers_whom_the_warm_up_did_not_have() -> None:
    each = equal.log(1_000)
    known = {one.customer_id for one in each.warm_up}
    assert first_records(each) == len({one.customer_id for one in each.measured} - known) > 0


def test_it_is_told_how_long_each_peer_was_measured() -> None:
    rows: list[Any] = [{"who": "ours", KEY: 20.0}, {"who": "quick", KEY: 40.0}, {"who": "gone"}]
    assert lasted(rows, 100).startswith("measured for so many seconds: quick 2.5; ")


def test_every_requirement_of_a_peer_is_pinned() -> None:
    files = sorted((HERE / "requirements").glob("*.txt"))
    lines = [line for each in files for line in each.read_text().splitlines() if not line.startswith("#")]
    assert len(files) == 4
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9.-]+==[0-9][0-9a-z.]*", line)] == []


def test_a_peer_is_set_up_once_and_again_when_what_it_is_made_from_changed(tmp_path: Path) -> None:
    wanted, folder = tmp_path / "wanted", tmp_path / "made"
    made: list[str] = []

    def make() -> None:
        folder.mkdir(exist_ok=True)
        made.append(wanted.read_text())

    for text in ("a==1", "a==1", "a==2"):
        wanted.write_text(text)
        once(folder, [wanted], make)
    assert made == ["a==1", "a==2"]


def test_a_peer_that_cannot_be_set_up_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BENCH_PEERS", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PeerMissingError, match="there is no `mvn` on the path"):
        setting_up.streams_class_path()
    with pytest.raises(PeerMissingError, match="failed: no such version"):
        call([sys.executable, "-c", "raise SystemExit('no such version')"])
