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


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """Return rules under which a buyer is one for three days, and who looks is curious."""
    curious = "title: Curious\nowner: growth\nenter: {did: product_viewed, within: 9d}\non_rule_change: announce\n"
    files = BUYERS | {
        "audiences/buyer.yaml": BUYERS["audiences/buyer.yaml"].replace("7d", "3d"),
        "audiences/curious.yaml": curious,
    }
    return folder(tmp_path / "newer", files)


LATER = "2026-01-05T00:00:00Z"


def told_of(text: str) -> list[tuple[Any, ...]]:
    return [
        (each["at"][:10], each["left"], each["entered"], each["cause"]["kind"], each["act"]) for each in written(text)
    ]


CHANGED = [
    ("2026-01-01", None, "buyer", "event", True),
    ("2026-01-05", "buyer", None, "rule_changed", False),
    ("2026-01-05", None, "curious", "rule_changed", True),
    ("2026-01-10", "curious", None, "time", True),
]


def test_other_rules_go_on_from_an_instant(tmp_path: Path, rules: Path, newer: Path) -> None:
    """What they ask anew comes from the whole file; only `on_rule_change: announce` is acted on."""
    file = tmp_path / "events.jsonl"
    file.write_text(event(1, "product_viewed", event_id="v") + order(1))
    result = segments("replay", file, "--rules", rules, "--then", f"{LATER}={newer}", "--until", "2026-01-20T00:00:00Z")
    assert told_of(result.stdout) == CHANGED


def test_the_summary_tells_how_many_transitions_the_change_caused(tmp_path: Path, rules: Path, newer: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(event(1, "product_viewed", event_id="v") + order(1))
    until = ("--until", "2026-01-20T00:00:00Z")
    told = segments("replay", file, "--rules", rules, "--then", f"{LATER}={newer}", *until).stderr
    assert "4 transitions" in told
    assert "2 of the transitions were caused by the change of rules (cause rule_changed)\n" in told
    same = segments("replay", file, "--rules", rules, "--then", f"{LATER}={rules}", *until).stderr
    assert "0 of the transitions were caused by the change of rules" in same
    assert "the change of rules" not in segments("replay", file, "--rules", rules, *until).stderr
    assert answer("replay", file, "--rules", rules, "--then", f"{LATER}={newer}", *until)[1]["rule_changed"] == 2
    assert answer("replay", file, "--rules", rules, *until)[1]["rule_changed"] == 0


@pytest.mark.parametrize("name", ["2", "abc"])
def test_other_rules_go_on_from_the_use_of_their_number_or_hash(
    tmp_path: Path, rules: Path, newer: Path, name: str
) -> None:
    file = tmp_path / "events.jsonl"
    use = encode_line(1767571200000, "use", b'{"kind":"rules","hash":"abc","number":2}').decode()
    file.write_text(event(1, "product_viewed", event_id="v") + order(1) + use + "\n")
    until = ("--until", "2026-01-20T00:00:00Z")
    assert told_of(segments("replay", file, "--rules", rules, "--then", f"{name}={newer}", *until).stdout) == CHANGED
    other = segments("replay", file, "--rules", rules, "--then", f"7={newer}", *until)
    assert [cause for *_, cause, _ in told_of(other.stdout)] == ["event", "time"]
    assert "version 2 (abc) comes into use, and no --then names it" in other.stderr


def test_what_is_kept_only_lately_is_warming_until_it_is_enough(tmp_path: Path, rules: Path, newer: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(order(1) + event(4, "product_viewed") + event(12, "product_viewed"))
    then = ("--then", f"{LATER}={newer}", "--until", "2026-01-20T00:00:00Z")
    whole = segments("replay", file, "--rules", rules, *then)
    lately = segments("replay", file, "--rules", rules, *then, "--kept-since", LATER)
    assert ("2026-01-05", None, "curious", "rule_changed", True) in told_of(whole.stdout)
    assert [each for each in told_of(lately.stdout) if "curious" in each] == [
        ("2026-01-14", None, "curious", "backfill", True)
    ]


def test_then_says_when_and_which_rules(tmp_path: Path, rules: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(order(1))
    wrong = segments("replay", file, "--rules", rules, "--then", "new-rules")
    assert wrong.exit_code == 2
    assert "--then is WHEN=DIR" in wrong.stderr
    twice = segments("replay", file, "--rules", rules, "--then", f"2={rules}", "--then", f"2={rules}")
    assert twice.exit_code == 2
    assert "was given twice" in twice.stderr
