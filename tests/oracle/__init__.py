"""The naive oracle: what a customer's segments must be, worked out again and again from the whole list of records.

It shares nothing with the program. Slow and obvious on purpose: keep the records, find every instant at which
anything could change, and at each of them ask every question from scratch.

Read in this order: records (what counts), world (what is known), conditions (yes or no), dimension (who is in),
instants (when to look again), replay (the whole way).
"""

from tests.oracle.records import Rec
from tests.oracle.replay import Result, run, value_of

__all__ = ["Rec", "Result", "run", "value_of"]
