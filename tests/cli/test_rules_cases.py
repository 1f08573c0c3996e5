from pathlib import Path

import pytest

from tests.cli.running import BUYER_CASES, BUYERS, VOCABULARY, answer, folder, segments


def test_every_shipped_case_passes_on_the_engine() -> None:
    code, told = answer("rules", "test")
    assert (code, told["failed"]) == (0, [])
    assert told["cases"] > told["passed"] > 200  # the rest belongs to segments that are off


def test_a_wrong_expectation_fails_with_file_line_and_the_values_of_that_instant(tmp_path: Path) -> None:
    rules = folder(tmp_path, BUYERS | {"audiences/buyer.test.yaml": BUYER_CASES.replace("at: 7d", "at: 8d")})
    result = segments("rules", "test", rules)
    file = f"{rules}/audiences/buyer.test.yaml"
    assert result.exit_code == 1
    assert f'{file}:2: case "an order of the last week" of audiences.buyer failed' in result.stdout
    assert f"{file}:8:9: expected at 8d (2026-01-13 00:00): leaves buyer; it did not happen" in result.stdout
    unexpected = (
        f"{file}:6:5: not expected at 7d (2026-01-12 00:00): leaves buyer because order_placed within 7d ran out"
    )
    assert f"{unexpected} (0, asked for at least 1)" in result.stdout
    assert "at 8d, in no segment; what buyer asks:" in result.stdout
    assert "no   order_placed within 7d (0, asked for at least 1)" in result.stdout
    assert "expected: at 0d: enters buyer; at 8d: leaves buyer" in result.stdout
    assert "got:      at 0d: enters buyer; at 7d: leaves buyer" in result.stdout
    assert "1 of 2 cases passed, 1 failed" in result.stdout


def test_a_case_that_expects_nothing_fails_when_something_happens(tmp_path: Path) -> None:
    cases = BUYER_CASES.replace("did: product_viewed", "did: order_placed, order_id: b")
    code, told = answer("rules", "test", folder(tmp_path, BUYERS | {"audiences/buyer.test.yaml": cases}))
    assert code == 1
    (failed,) = told["failed"]
    assert failed["expected"] == []
    assert failed["got"] == ["at 0d: enters buyer", "at 7d: leaves buyer"]
    assert [each["line"] for each in failed["differences"]] == [13, 13]


def test_money_is_shown_as_money(tmp_path: Path) -> None:
    rule = "title: Rich\nowner: o\nenter:\n  sum: order_placed.amount\n  at_least: 100\n"
    cases = """\
tests:
  - name: ninety is too little
    events:
      - {at: 0d, did: order_placed, order_id: a, amount: 90.5}
    until: 2d
    expect:
      - {at: 0d, enters: rich}
"""
    rules = folder(
        tmp_path, {"vocabulary.yaml": VOCABULARY, "audiences/rich.yaml": rule, "audiences/rich.test.yaml": cases}
    )
    result = segments("rules", "test", rules)
    assert result.exit_code == 1
    assert "sum of amount of order_placed (90.50 GBP, asked for at least 100.00 GBP)" in result.stdout


def test_what_is_given_was_true_before_and_makes_nobody_known(tmp_path: Path) -> None:
    rule = "title: Family\nowner: o\nenter:\n  trait: plan\n  is: family\n"
    cases = """\
tests:
  - name: given, and known with the first event
    given: {traits: {plan: family}}
    events:
      - {at: 1d, did: product_viewed}
    until: 2d
    expect:
      - {at: 1d, enters: family}
  - name: cleared
    given: {traits: {plan: family}}
    events:
      - {at: 1d, traits: {plan: null}}
    until: 2d
    expect: []
"""
    rules = {"vocabulary.yaml": VOCABULARY, "audiences/family.yaml": rule, "audiences/family.test.yaml": cases}
    code, told = answer("rules", "test", folder(tmp_path, rules))
    assert (code, told["passed"]) == (0, 2)


def test_an_event_that_the_service_would_refuse_is_named(tmp_path: Path) -> None:
    cases = BUYER_CASES.replace("amount: 12.50", "amount: -12.50")
    result = segments("rules", "test", folder(tmp_path, BUYERS | {"audiences/buyer.test.yaml": cases}))
    assert result.exit_code == 1
    assert "buyer.test.yaml:4:9: the service would refuse this event: amount is negative" in result.stdout


def test_only_the_cases_of_the_named_file_are_played(tmp_path: Path) -> None:
    other = {"audiences/other.yaml": BUYERS["audiences/buyer.yaml"].replace("Buyer", "Other")}
    cases = {"audiences/other.test.yaml": BUYER_CASES.replace("buyer", "other").replace("7d", "9d")}
    rules = folder(tmp_path, BUYERS | other | cases)
    assert answer("rules", "test", rules)[0] == 1
    for name in ("buyer.yaml", "buyer.test.yaml"):
        code, told = answer("rules", "test", rules / "audiences" / name)
        assert (code, told["cases"]) == (0, 2)


def test_cases_of_a_segment_that_is_off_are_not_played(tmp_path: Path) -> None:
    rule = BUYERS["audiences/buyer.yaml"] + "enabled: false\n"
    code, told = answer("rules", "test", folder(tmp_path, BUYERS | {"audiences/buyer.yaml": rule}))
    assert (code, told["passed"], told["off"]) == (0, 0, ["audiences.buyer"])


def test_annotations_for_github_point_at_the_expectation(tmp_path: Path) -> None:
    rules = folder(tmp_path, BUYERS | {"audiences/buyer.test.yaml": BUYER_CASES.replace("at: 7d", "at: 8d")})
    result = segments("rules", "test", rules, "--format", "github")
    assert f"::error file={rules}/audiences/buyer.test.yaml,line=8,col=9::case" in result.stdout
    assert "%0A" in result.stdout


def test_rules_with_problems_are_not_played(tmp_path: Path) -> None:
    rules = folder(tmp_path, BUYERS | {"audiences/bad.yaml": "title: Bad\n"})
    result = segments("rules", "test", rules)
    assert result.exit_code == 1
    assert "audiences/bad.yaml:1:1" in result.stderr
    assert result.stdout == ""


STAGE = {
    "vocabulary.yaml": VOCABULARY,
    "stage/dimension.yaml": "title: S\nowner: o\nquestion: Where?\norder: [gone, active]\notherwise: new\n",
    "stage/new.yaml": "title: New\nowner: o\n",
    "stage/gone.yaml": "title: Gone\nowner: o\nenabled: false\n",
    "stage/active.yaml": "title: Active\nowner: o\nenter:\n  did: order_placed\n",
}
ACTIVE_CASES = """\
tests:
  - name: an order
    events:
      - {at: 1d, did: product_viewed}
      - {at: 2d, did: order_placed, order_id: a}
    until: 10d
    expect:
      - {at: 2d, WORD}
"""


@pytest.mark.parametrize("word", ["enters: active", "leaves: new"])
def test_a_move_of_an_exclusive_dimension_may_be_named_by_either_end(tmp_path: Path, word: str) -> None:
    cases = {"stage/active.test.yaml": ACTIVE_CASES.replace("WORD", word)}
    assert answer("rules", "test", folder(tmp_path, STAGE | cases))[0] == 0


def test_what_did_not_happen_is_told_with_the_values_of_its_own_instant(tmp_path: Path) -> None:
    cases = {"stage/active.test.yaml": ACTIVE_CASES.replace("2d, WORD", "1d, enters: active")}
    (failed,) = answer("rules", "test", folder(tmp_path, STAGE | cases))[1]["failed"]
    missing, unexpected = failed["differences"]
    assert (missing["stands_in"], [each["value"] for each in missing["values"]]) == ("new", [0])
    assert (unexpected["stands_in"], [each["value"] for each in unexpected["values"]]) == ("active", [1])


def test_a_segment_that_is_off_has_no_values_to_show(tmp_path: Path) -> None:
    cases = {"stage/active.test.yaml": ACTIVE_CASES.replace("WORD", "enters: gone")}
    (failed,) = answer("rules", "test", folder(tmp_path, STAGE | cases))[1]["failed"]
    assert (failed["differences"][0]["values"], failed["differences"][0]["stands_in"]) == ([], "")


def test_who_is_about_to_leave_counts_where_a_case_speaks_of_it(tmp_path: Path) -> None:
    cases = BUYER_CASES.replace(
        "      - {at: 7d, leaves: buyer}\n",
        "      - {at: 5d, enters: buyer.about_to_leave}\n      - {at: 7d, leaves: buyer}\n"
        "      - {at: 7d, leaves: buyer.about_to_leave}\n",
    )
    rule = {"audiences/buyer.yaml": BUYERS["audiences/buyer.yaml"] + "warn_before: 2d\n"}
    rules = folder(tmp_path / "right", BUYERS | rule | {"audiences/buyer.test.yaml": cases})
    assert answer("rules", "test", rules)[1]["failed"] == []
    wrong = folder(tmp_path / "wrong", BUYERS | rule | {"audiences/buyer.test.yaml": cases.replace("at: 5d", "at: 4d")})
    (failed,) = answer("rules", "test", wrong)[1]["failed"]
    assert [each["at_ms"] for each in failed["differences"]] == [4 * 86_400_000, 5 * 86_400_000]


def test_bars_and_buckets_may_be_given(tmp_path: Path) -> None:
    rule = "title: R\nowner: o\nenter:\n  all:\n    - {sum: order_placed.amount, at_least: {bar: rich}}\n"
    rule += "    - {bucket: half, percent: 50}\n"
    cases = """\
tests:
  - name: above the bar, in the lower half
    given: {bars: {rich: 99.5}, bucket: {half: 49}}
    events:
      - {at: 0d, did: order_placed, order_id: a, amount: 99.50}
    expect:
      - {at: 0d, enters: rich}
  - name: in the upper half
    given: {bars: {rich: 99.5}, bucket: {half: 50}}
    events:
      - {at: 0d, did: order_placed, order_id: a, amount: 99.50}
    expect: []
"""
    files = {"vocabulary.yaml": VOCABULARY, "audiences/rich.yaml": rule, "audiences/rich.test.yaml": cases}
    code, told = answer("rules", "test", folder(tmp_path, files))
    assert (code, told["passed"]) == (0, 2), told


def test_values_of_every_shape_are_given_as_json_would_bring_them(tmp_path: Path) -> None:
    words = VOCABULARY.replace(
        "plan: {title: Plan, type: text}", "tags: {title: T, type: list}\n  home: {title: H, type: place}"
    )
    rule = "title: T\nowner: o\nenter:\n  all:\n    - {trait: tags, has_any: [b]}\n    - {trait: home, exists: true}\n"
    cases = """\
tests:
  - name: a list and a place
    events:
      - {at: 0d, traits: {tags: [a, b], home: {lat: 38.7, lon: -9.1}}}
    expect:
      - {at: 0d, enters: tagged}
"""
    files = {"vocabulary.yaml": words, "audiences/tagged.yaml": rule, "audiences/tagged.test.yaml": cases}
    code, told = answer("rules", "test", folder(tmp_path, files))
    assert (code, told["passed"]) == (0, 1), told


def failing(tmp_path: Path, rule: str, case: str) -> str:
    """Return what is told of one case of the audience `x`."""
    files = {"vocabulary.yaml": VOCABULARY, "audiences/x.yaml": f"title: X\nowner: o\n{rule}"}
    files["audiences/x.test.yaml"] = f"tests:\n  - name: n\n{case}"
    result = segments("rules", "test", folder(tmp_path, files))
    assert result.exit_code == 1
    return result.stdout


def test_what_time_brings_did_not_run_out_and_instants_are_in_the_zone_of_the_rules(tmp_path: Path) -> None:
    rule = "enter:\n  all:\n    - {did: order_placed, older_than: 2d}\n    - {first_time: order_placed, within: 9d}\n"
    case = """\
    starts: 2026-07-01T09:00+01:00
    events:
      - {at: 0d, did: order_placed, order_id: a, amount: 1}
    until: 4d
    expect: []
"""
    told = failing(tmp_path, rule, case)
    assert (
        "not expected at 2d (2026-07-03 09:00): enters x because order_placed older than 2d came true with time" in told
    )
    assert "yes  first order_placed within 9d (2026-07-01 09:00)" in told


def test_an_instant_between_two_seconds_is_named_by_its_second_and_shown_as_it_is(tmp_path: Path) -> None:
    """A quarter of a gap of ten seconds after the order."""
    rule = "title: X\nowner: o\nenter: {did_not: order_placed, within: {personal_gaps: 0.25, at_least: 1s}}\n"
    case = """\
tests:
  - name: n
    events:
      - {at: 0d, did: product_viewed}
      - {at: 1d, did: order_placed, order_id: a, amount: 1}
    until: 2d
    expect: [{at: 0d, enters: x}, {at: 1d, leaves: x}, {at: 86402s, enters: x}]
"""
    files = {"vocabulary.yaml": VOCABULARY + "personal_gap_mean: 10s\n", "audiences/x.yaml": rule}
    right = folder(tmp_path / "right", files | {"audiences/x.test.yaml": case})
    assert answer("rules", "test", right)[1]["failed"] == []
    wrong = folder(tmp_path / "wrong", files | {"audiences/x.test.yaml": case.replace("86402s", "86403s")})
    told = segments("rules", "test", wrong).stdout
    assert "not expected at 86402s (2026-01-06 00:00:02.500): enters x because " in told
    assert "at 86402s, in x; what x asks:" in told
    assert "got:      at 0d: enters x; at 1d: leaves x; at 86402s: enters x" in told


def test_what_kept_a_customer_out_beside_the_conditions_is_told(tmp_path: Path) -> None:
    rule = "wait: 3d\nenter: {did: order_placed}\n"
    case = """\
    events:
      - {at: 0d, did: order_placed, order_id: a, amount: 1}
    until: 2d
    expect: [{at: 1d, enters: x}]
"""
    told = failing(tmp_path, rule, case)
    assert "at 1d, in no segment; what x asks:" in told
    assert "yes  order_placed (1, asked for at least 1)" in told
    assert "but  wait until 2026-01-08 00:00" in told


ORDERED = {
    "vocabulary.yaml": VOCABULARY,
    "stage/dimension.yaml": "title: S\nowner: o\nquestion: Where?\norder: [top, mid]\notherwise: new\n",
    "stage/new.yaml": "title: New\nowner: o\n",
    "stage/top.yaml": "title: T\nowner: o\nstay_at_least: 9d\nenter: {did: order_placed, within: 1d}\n",
    "stage/mid.yaml": "title: M\nowner: o\nonly_from: [new]\nenter: {did: order_placed}\n",
}


@pytest.mark.parametrize(
    ("expected", "lines"),
    [
        (
            "enters: mid",
            [
                "yes  order_placed (1, asked for at least 1)",
                "but  only_from new",
                "but  top is higher in the order",
                "but  stay_at_least of top until 2026-01-14 00:00",
            ],
        ),
        ("enters: new", ["what top asks:", "no   order_placed within 1d (0, asked for at least 1)"]),
    ],
)
def test_the_order_and_what_holds_somebody_is_told(tmp_path: Path, expected: str, lines: list[str]) -> None:
    case = "    events:\n      - {at: 0d, did: order_placed, order_id: a, amount: 1}\n    until: 3d\n"
    case += f"    expect: [{{at: 0d, enters: top}}, {{at: 2d, {expected}}}]\n"
    rules = folder(tmp_path, ORDERED | {"stage/mid.test.yaml": f"tests:\n  - name: n\n{case}"})
    told = segments("rules", "test", rules).stdout
    assert all(line in told for line in lines), told


def test_a_move_down_shows_what_the_left_segment_asks(tmp_path: Path) -> None:
    case = "    events:\n      - {at: 0d, did: order_placed, order_id: a, amount: 1}\n    until: 20d\n"
    case += "    expect: [{at: 0d, enters: top}]\n"
    rules = folder(tmp_path, ORDERED | {"stage/top.test.yaml": f"tests:\n  - name: n\n{case}"})
    told = segments("rules", "test", rules).stdout
    assert "enters new (leaves top) because the shortest stay there was over" in told
    assert "at 9d, in new; what top asks:" in told


def test_rules_with_problems_are_annotated_too_and_are_objects_for_programs(tmp_path: Path) -> None:
    rules = folder(tmp_path, BUYERS | {"audiences/bad.yaml": "title: Bad\n"})
    result = segments("rules", "test", rules, "--format", "github")
    assert result.exit_code == 1
    assert f"::error file={rules}/audiences/bad.yaml,line=1,col=1::" in result.stdout
    code, told = answer("rules", "test", rules)
    assert (code, {each["code"] for each in told["problems"]}) == (1, {"rule-missing"})


@pytest.mark.parametrize(
    ("rule", "asked", "note"),
    [
        ("stay_at_most: 1d\n", "{at: 0d, enters: x}, {at: 1d, leaves: x}, ", "stay_at_most was used up; `enter` must"),
        ("stay_at_most: 1d\ncooldown: 9d\n", "", "cooldown until 2026-01-15 00:00"),
    ],
)
def test_a_stay_that_was_used_up_keeps_out(tmp_path: Path, rule: str, asked: str, note: str) -> None:
    case = "    events:\n      - {at: 0d, did: order_placed, order_id: a, amount: 1}\n    until: 3d\n"
    case += f"    expect: [{asked}{{at: 2d, enters: x}}]\n"
    told = failing(tmp_path, rule + "enter: {did: order_placed}\n", case)
    assert f"but  {note}" in told


def test_a_nested_dimension_says_where_the_customer_is_not(tmp_path: Path) -> None:
    case = "tests:\n  - name: n\n    events:\n      - {at: 0d, did: order_placed, order_id: a, amount: 1}\n"
    inside = ORDERED | {
        "gift/dimension.yaml": "title: G\nowner: o\nquestion: q\ninside: stage.mid\norder: [giver]\notherwise: rest\n",
        "gift/rest.yaml": "title: R\nowner: o\n",
        "gift/giver.yaml": "title: G\nowner: o\nenter: {did: order_placed}\n",
        "gift/giver.test.yaml": case + "    expect: [{at: 0d, enters: giver}]\n",
    }
    told = segments("rules", "test", folder(tmp_path, inside)).stdout
    assert "but  gift is inside stage.mid, where the customer is not" in told
