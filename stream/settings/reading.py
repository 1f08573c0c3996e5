"""From the environment and one TOML file to Settings, or every bad setting at once."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from stream.errors import SettingsError
from stream.settings.contradictions import contradictions
from stream.settings.declared import Settings
from stream.settings.kinds import Kind

SETTINGS_FILE = "SEGMENTS_SETTINGS_FILE"
# the first names the file, the second is read by the tests
FOREIGN = frozenset({SETTINGS_FILE, "SEGMENTS_REQUIRE_SERVERS"})
# a misspelt name that begins like this was meant for us; KAFKA_HOME and the like were not
OURS = re.compile(r"SEGMENTS_|REDIS_URL|KAFKA_(SASL|SSL|SECURITY|BOOTSTRAP)_")
# Kubernetes puts such names into every container beside a Service that is called segments
SERVICE_LINK = re.compile(
    r"\w+_(SERVICE_HOST=|SERVICE_PORT(_\w+)?=\d|PORT_\d+_(TCP|UDP|SCTP)|PORT=(tcp|udp|sctp)://).*"
)
DECLARED: dict[str, Field[Any]] = {each.metadata["name"]: each for each in fields(Settings)}
SECRETS = frozenset(name for name, each in DECLARED.items() if each.metadata["secret"])


@dataclass(frozen=True, slots=True)
class Given:
    """One value as somebody wrote it, and where."""

    name: str
    text: str
    where: str


@dataclass(slots=True)
class Reading:
    """What was found so far: values by field, and what is wrong."""

    values: dict[str, Any] = field(default_factory=dict)
    given: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


def read(environ: Mapping[str, str]) -> Settings:
    """Return the settings of this environment and its settings file; raises SettingsError with all that is wrong."""
    reading = Reading()
    found = {each.name: each for each in _from_file(environ.get(SETTINGS_FILE, ""), reading.problems)}
    found |= {each.name: each for each in _from_environment(environ, reading.problems)}
    for each in found.values():
        _take(each, reading)
    settings = Settings(**reading.values)
    reading.problems += contradictions(settings, reading.given, reading.unread)
    if reading.problems:
        raise SettingsError(reading.problems)
    return settings


def _take(given: Given, reading: Reading) -> None:
    """Parse one value into `reading`, or note what is wrong with it."""
    declared = DECLARED.get(given.name)
    if declared is None:
        reading.problems.append(_unknown(given))
        return
    if given.text:  # an empty one is how compose files say `not set`
        reading.given.add(given.name)
    kind: Kind[Any] = declared.metadata["kind"]
    try:
        reading.values[declared.name] = kind.parse(given.text)
    except (ValueError, KeyError):
        reading.unread.add(given.name)
        shown = "the value" if given.name in SECRETS else repr(given.text)
        reading.problems.append(f"{given.where}: {shown} does not fit; write {kind.wanted} [setting-value]")


def _unknown(given: Given) -> str:
    near = difflib.get_close_matches(given.name, DECLARED, n=1)
    instead = f"did you mean {near[0]}?" if near else "`segments settings` lists all"
    return f"{given.where}: there is no setting {given.name}; {instead} [setting-unknown]"


def _from_environment(environ: Mapping[str, str], problems: list[str]) -> Iterator[Given]:
    for name, text in sorted(environ.items()):
        secret = name.removesuffix("_FILE")
        if secret in SECRETS and secret != name:
            if secret in environ:
                problems.append(f"{name}: {secret} is set as well; keep one of the two [setting-conflict]")
            yield from _from_secret_file(secret, text, name, problems)
        elif name in DECLARED or _meant_for_us(name, text):
            yield Given(name, text, name)


def _meant_for_us(name: str, text: str) -> bool:
    return bool(OURS.match(name)) and name not in FOREIGN and not SERVICE_LINK.fullmatch(f"{name}={text}")


def _from_secret_file(secret: str, path: str, where: str, problems: list[str]) -> Iterator[Given]:
    try:
        yield Given(secret, Path(path).read_text(encoding="utf-8").strip(), where)
    except (OSError, UnicodeDecodeError) as why:
        problems.append(f"{where}: cannot read {path!r}: {_reason(why)} [setting-file]")


def _from_file(path: str, problems: list[str]) -> Iterator[Given]:
    if not path:
        return
    try:
        tables = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as why:
        problems.append(f"{path}: not TOML: {why} [setting-file]")
        return
    except (OSError, UnicodeDecodeError) as why:
        problems.append(f"{SETTINGS_FILE}: cannot read {path!r}: {_reason(why)} [setting-file]")
        return
    for table, content in tables.items():
        if not isinstance(content, dict):
            problems.append(
                f"{path}: {table} is in no table; put it under [kafka], [redis] or [segments] [setting-file]"
            )
            continue
        for key, value in content.items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            yield Given(f"{table}_{key}".upper(), text, f"{path}: {table}.{key}")


def _reason(why: Exception) -> str:
    return (why.strerror or str(why)) if isinstance(why, OSError) else "it is not UTF-8 text"
