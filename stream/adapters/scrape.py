"""Reads /metrics as operations would: over HTTP, by name."""

from __future__ import annotations

from typing import NamedTuple

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from stream.errors import UnavailableError


class Page(NamedTuple):
    """What /metrics said: one value per name and labels."""

    samples: list[tuple[str, dict[str, str], float]]

    def total(self, name: str, **wanted: str) -> float:
        """Return the sum of a sample over all its labels that are as wanted."""
        return sum(
            value
            for each, labels, value in self.samples
            if each == name and all(labels.get(key) == word for key, word in wanted.items())
        )


async def scrape(session: aiohttp.ClientSession, port: int) -> Page:
    """Return the page of the role on this port of this machine; UnavailableError where it cannot be had."""
    url = f"http://127.0.0.1:{port}/metrics"
    try:
        async with session.get(url) as response:
            text = await response.text()
    except aiohttp.ClientError as error:
        raise UnavailableError(f"{url}: {error}") from error
    return Page(
        [
            (sample.name, sample.labels, sample.value)
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        ]
    )
