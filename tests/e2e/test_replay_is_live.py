"""Law 2 from outside: what whole processes on whole servers publish and store is what a replay of the log says."""

from __future__ import annotations

import pytest

from tests.e2e.compare import check, shipped
from tests.e2e.histories import crowd
from tests.e2e.site import Site
from tests.faults.mortal import process

pytestmark = [pytest.mark.e2e]


@pytest.mark.parametrize("commit_records", [1, 10_000])
def test_live_is_replay_for_any_size_of_a_commit(site: Site, commit_records: int) -> None:
    site.write(crowd(commit_records, 300 if commit_records == 1 else 3_000, sources=2))
    settings: dict[str, str | int] = {"SEGMENTS_COMMIT_RECORDS": commit_records}
    with process(site, "worker", settings, remembers_ids=True) as worker:
        site.settle(worker)
        assert worker.stop() == 0
    found = check(site, shipped())
    assert sum(map(len, found.bodies.values())) > 100
