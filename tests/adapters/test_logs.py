"""Log lines: one shape for ours and the libraries', and no traceback for what we raised on purpose."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from stream.adapters import logs
from stream.errors import UnavailableError


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Put the process-wide loggers back."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    levels = {name: logging.getLogger(name).level for name in logs.TALKATIVE}
    yield
    structlog.reset_defaults()
    root.handlers = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def lines(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_our_lines_and_theirs_have_one_shape(out: io.StringIO) -> None:
    logs.set_up("info", "json", out)
    structlog.get_logger("stream.app").info("joined", partitions=4)
    logging.getLogger("aiokafka.conn").warning("cannot connect to %s", "k:1")
    ours, theirs = lines(out)
    assert (ours["event"], ours["partitions"], ours["level"], ours["logger"]) == ("joined", 4, "info", "stream.app")
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("cannot connect to k:1", "warning", "aiokafka.conn")
    assert str(ours["timestamp"]).endswith("Z")


def test_the_steps_of_a_service_are_told_from_debug_on_and_its_warnings_always(out: io.StringIO) -> None:
    for level in ("info", "debug"):
        logs.set_up(level, "json", out)
        logging.getLogger("stream.adapters.kafka").info("[^EventsApp]: Starting...")
        logging.getLogger("stream.adapters.kafka").warning("[^EventsApp]: Crashed")
    assert [line["event"] for line in lines(out)] == [
        "[^EventsApp]: Crashed",
        "[^EventsApp]: Starting...",
        "[^EventsApp]: Crashed",
    ]


def test_what_is_below_the_level_is_not_there(out: io.StringIO) -> None:
    logs.set_up("warning", "json", out)
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    assert [line["event"] for line in lines(out)] == ["loud"]


@pytest.mark.parametrize(("level", "told"), [("info", 0), ("debug", 1)])
def test_the_talkative_libraries_are_told_to_be_brief(out: io.StringIO, level: str, told: int) -> None:
    logs.set_up(level, "json", out)
    logging.getLogger("faust.transport").info("rebalance step 7 of 12")
    assert len(lines(out)) == told


def test_an_error_we_raised_on_purpose_is_one_line(out: io.StringIO) -> None:
    logs.set_up("info", "json", out)
    try:
        raise UnavailableError("Redis at r:6379 does not answer; trying again [redis-away]")
    except UnavailableError:
        structlog.get_logger().exception("commit")
    (line,) = lines(out)
    assert line["error"] == "Redis at r:6379 does not answer; trying again [redis-away]"
    assert "Traceback" not in out.getvalue()


def test_an_error_we_did_not_expect_keeps_its_traceback(out: io.StringIO) -> None:
    logs.set_up("info", "json", out)
    try:
        raise ZeroDivisionError("surprise")
    except ZeroDivisionError:
        structlog.get_logger().exception("commit")
    (line,) = lines(out)
    assert "Traceback" in str(line["exception"])
    assert "surprise" in str(line["exception"])


def test_auto_is_console_on_a_terminal_and_json_elsewhere(out: io.StringIO) -> None:
    logs.set_up("info", "auto", out)
    structlog.get_logger().info("here")
    assert lines(out)[0]["event"] == "here"
    terminal = Terminal()
    logs.set_up("info", "auto", terminal)
    structlog.get_logger().info("there")
    assert "there" in terminal.getvalue()
    assert not terminal.getvalue().startswith("{")


def test_set_up_twice_writes_once(out: io.StringIO) -> None:
    logs.set_up("info", "json", io.StringIO())
    logs.set_up("info", "json", out)
    structlog.get_logger().info("once")
    assert len(lines(out)) == 1
