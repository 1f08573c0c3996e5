"""WHAT THE OPERATOR DECIDES: read(environ) returns Settings, or raises SettingsError with every bad setting at once.

Names are those of the environment. A TOML file (SEGMENTS_SETTINGS_FILE) may hold the same as tables and keys:
`bootstrap_servers` under `[kafka]` is KAFKA_BOOTSTRAP_SERVERS; the environment wins. Secrets may also be given as the
name of a file: REDIS_URL_FILE.
"""

from stream.settings.declared import Settings
from stream.settings.reading import read
from stream.settings.shown import Row, describe, markdown

__all__ = ["Row", "Settings", "describe", "markdown", "read"]
