"""Others at the equal work: the same log on the same broker, one process each.

Read beside (how they are measured), roster (who takes part, and what each makes durable), setting_up (how they get
here), outputs (what they publish). The other files are the peers themselves; fold is the work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.report import Report
    from bench.stage import Stage


def run(stage: Stage) -> list[Report]:
    """Return one row per contestant."""
    from bench.peers.beside import run  # what is imported there imports the work from here

    return run(stage)
