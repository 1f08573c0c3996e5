import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from stream.wire.replay import encode_line
from tests.cli.running import BUYERS, answer, event, folder, order, segments


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return folder(tmp_path / "rules", BUYERS)


def written(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def moves(text: str) -> list[tuple[str, str | None, str | None]]:
    return [(each["at"][:10], each["left"], each["entered"]) for each in written(text)]


def test_transitions_go_to_the_screen_and_the_summary_beside_it(tmp_path: Path, rules: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(order(1) + order(20))
    result = segments("replay", file, "--rules", rules)
    assert result.exit_code == 0
    assert moves(result.stdout) == [
        ("2026-01-01", None, "buyer"),
        ("2026-01-08", "buyer", None),
        ("2026-01-20", None, "buyer"),
    ]
    assert "2 events (2 accepted), 3 transitions" in result.stderr
    assert "audiences.buyer" in result.stderr


def test_until_lets_time_pass_and_leaves_out_what_is_later(tmp_path: Path, rules: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(order(1) + order(3, customer="c-2") + order(20))
    result = segments("replay", file, "--rules", rules, "--until", "2026-01-08T10:00:00Z")
    assert moves(result.stdout)[-1] == ("2026-01-08", "buyer", None)
    assert "1 left_out" in result.stderr
    earlier = segments("replay", file, "--rules", rules, "--until", "2026-01-08T09:59:59.999Z")
    assert len(moves(earlier.stdout)) == 2


def test_until_end_lets_time_pass_up_to_the_last_record(tmp_path: Path, rules: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(order(1) + order(20, customer="c-2"))
    assert len(moves(segments("replay", file, "--rules", rules).stdout)) == 2
    assert len(moves(segments("replay", file, "--rules", rules, "--until", "end").stdout)) == 3


def test_transitions_go_to_a_file_and_json_is_one_object(tmp_path: Path, rules: Path) -> None:
    file, out = tmp_path / "events.jsonl", tmp_path / "out.jsonl"
    file.write_text(order(1) + order(1) + event(2, "product_viewed"))
    code, told = answer("replay", file, "--rules", rules, "--out", out)
    assert code == 0
    assert told["outcomes"] == {"accepted": 2, "duplicate": 1}
    assert (told["events"], told["transitions"], told["customers"]) == (3, 1, 1)
    assert told["members"] == {"audiences.buyer": {"buyer": 1}}
    assert moves(out.read_text()) == [("2026-01-01", None, "buyer")]


def test_bad_lines_are_named_with_number_and_code_and_the_rest_is_played(tmp_path: Path, rules: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(order(1) + "{nonsense\n" + "\n" + event(2, "order_payed") + order(3, amount="-4.00") + order(20))
    result = segments("replay", file, "--rules", rules)
    assert result.exit_code == 1
    assert len(moves(result.stdout)) == 3
    assert "line 2: not a line of a replay file" in result.stderr
    assert (
        'line 4: event "order_payed" is not in the vocabulary; did you mean "order_placed"? [event_name]'
        in result.stderr
    )
    assert "line 5: amount is negative" in result.stderr
    assert "[amount]" in result.stderr


def test_of_many_bad_lines_some_are_written_out_and_all_are_counted(tmp_path: Path, rules: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("{\n" * 30)
    result = segments("replay", file, "--rules", rules)
    assert result.stderr.count("[json]") == 20
    assert "and 10 more lines" in result.stderr
    assert len(answer("replay", file, "--rules", rules)[1]["bad_lines"]) == 30


def test_ticks_and_record_times_of_a_replay_file_count(tmp_path: Path, rules: Path) -> None:
    file = tmp_path / "events.jsonl"
    late = encode_line(1_768_000_000_000, "event", order(5).strip().encode())
    tick = encode_line(1_769_000_000_000, "tick", b'{"before": 1769000000000}')
    file.write_bytes(late + b"\n" + tick + b"\n")
    first, second = written(segments("replay", file, "--rules", rules).stdout)
    assert first["at"].startswith("2026-01-09")
    assert second["cause"] == {"kind": "time", "condition": "order_placed within 7d"}


def test_standard_input_and_packed_files_are_read(tmp_path: Path, rules: Path) -> None:
    piped = segments("replay", "-", "--rules", rules, stdin=order(1).encode())
    packed = tmp_path / "events.jsonl.gz"
    packed.write_bytes(gzip.compress(order(1).encode()))
    assert piped.stdout == segments("replay", packed, "--rules", rules).stdout != ""


def test_a_packed_file_that_breaks_off_is_a_sentence(tmp_path: Path, rules: Path) -> None:
    packed = tmp_path / "events.jsonl.gz"
    packed.write_bytes(gzip.compress(order(1).encode() * 100)[:60])
    result = segments("replay", packed, "--rules", rules)
    assert result.exit_code == 2
    assert "cannot be read to its end" in result.stderr


@pytest.mark.parametrize("until", ["tomorrow", "2026-01-01", "2026-01-01T00:00:00"])
def test_an_instant_without_time_or_zone_is_wrong_usage(tmp_path: Path, rules: Path, until: str) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(order(1))
    result = segments("replay", file, "--rules", rules, "--until", until)
    assert result.exit_code == 2
    assert "is no instant" in result.stderr


def test_files_that_cannot_be_opened_are_sentences(tmp_path: Path, rules: Path) -> None:
    result = segments("replay", tmp_path / "nothing", "--rules", rules)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "nothing: cannot be read: No such file" in result.stderr
    file = tmp_path / "events.jsonl"
    file.write_text(order(1))
    result = segments("replay", file, "--rules", rules, "--out", tmp_path / "no" / "out")
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


def test_the_rules_may_be_named_by_the_setting(tmp_path: Path, rules: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(order(1))
    result = segments("replay", file, env={"SEGMENTS_RULES": str(rules)})
    assert [each["dimension"] for each in written(result.stdout)] == ["audiences.buyer"]
