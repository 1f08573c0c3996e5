from pathlib import Path

from tests.cli.running import answer, segments


def test_version_is_that_of_the_package() -> None:
    result = segments("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("segments 0.")


def test_without_a_command_the_commands_are_listed() -> None:
    assert all(each in segments().output for each in ("replay", "rules", "settings"))


def test_a_command_that_is_none_is_wrong_usage() -> None:
    result = segments("rule", "check")
    assert result.exit_code == 2
    assert "rule" in result.stderr


def test_a_folder_that_is_not_there_is_wrong_usage_and_a_sentence(tmp_path: Path) -> None:
    result = segments("rules", "check", tmp_path / "nowhere")
    assert result.exit_code == 2
    assert result.stderr == f"{tmp_path}/nowhere: there is no such file or folder [rules-folder]\n"
    assert result.stdout == ""


def test_with_json_errors_are_json_too(tmp_path: Path) -> None:
    code, told = answer("rules", "test", tmp_path / "nowhere")
    assert code == 2
    assert told["ok"] is False
    assert "[rules-folder]" in told["problems"][0]


def test_settings_are_shown_with_secrets_hidden() -> None:
    result = segments("settings", env={"REDIS_URL": "redis://me:secret@here:1/0", "SEGMENTS_GROUP": "mine"})
    assert result.exit_code == 0
    assert "secret" not in result.output
    assert "********@here:1/0" in result.stdout
    assert "mine (set)" in result.stdout


def test_bad_settings_are_all_named() -> None:
    result = segments("settings", env={"SEGMENTS_PARTITIONS": "none", "SEGMENTS_CLOCK": "sun"})
    assert result.exit_code == 2
    assert "SEGMENTS_PARTITIONS" in result.stderr
    assert "SEGMENTS_CLOCK" in result.stderr


def test_run_says_mistakes_in_the_rules_before_it_starts_a_server(tmp_path: Path) -> None:
    rules, kept = tmp_path / "rules", tmp_path / "kept"
    rules.mkdir()
    (rules / "value.yaml").write_text("dimension: value\n")
    result = segments("run", "--rules", rules, env={"SEGMENTS_DATA": str(kept)})
    assert result.exit_code == 1
    assert "value.yaml" in result.stderr
    assert "[file-missing]" in result.stderr
    assert not kept.exists()
