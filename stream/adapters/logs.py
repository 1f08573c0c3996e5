"""Log lines: ours and those of the libraries, in one shape, to one stream."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from stream.errors import StreamError

# they tell every rebalance step at info; what matters of it we tell ourselves
TALKATIVE = ("faust", "mode", "aiokafka", "aiohttp")
SERVICE_STEP = "[^"
"""How mode begins its lines about a service that starts or stops: under our loggers' names, where we subclass it."""
Line = MutableMapping[str, Any]


def set_up(level: str, shape: str, stream: TextIO) -> None:
    """Log from this level on to `stream`; shape is console, json, or auto (console on a terminal)."""
    as_json = shape == "json" or (shape == "auto" and not stream.isatty())
    before: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        one_line_for_ours,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    _send_everything_to(stream, level, before, _renderers(as_json, stream))


def one_line_for_ours(_: object, __: str, line: Line) -> Line:
    """Turn an error that we raised on purpose into its sentence: a traceback would tell the reader nothing more."""
    raised = line.get("exc_info")  # True, an exception, or what sys.exc_info() returns
    error = sys.exception() if raised is True else raised[1] if isinstance(raised, tuple) else raised
    if isinstance(error, StreamError):
        del line["exc_info"]
        line["error"] = str(error)
    return line


def _renderers(as_json: bool, stream: TextIO) -> list[structlog.typing.Processor]:
    if as_json:
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=plain)]


def _send_everything_to(
    stream: TextIO, level: str, before: list[structlog.typing.Processor], last: list[structlog.typing.Processor]
) -> None:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    if level == "info":
        handler.addFilter(_is_worth_telling)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in TALKATIVE:
        logging.getLogger(name).setLevel("WARNING" if level == "info" else level.upper())


def _is_worth_telling(record: logging.LogRecord) -> bool:
    """Tell whether a record is more than one of mode's steps."""
    is_step = isinstance(record.msg, str) and record.msg.startswith(SERVICE_STEP)
    return record.levelno >= logging.WARNING or not is_step
