"""What the demo plays: the purchases of a real shop (`history`), then made-up behaviour that goes on (`traffic`).

Both are pure iterators of canonical events: the day, the instant and the seed are arguments. Nothing else in the
program needs this room; only the demo comes here.
"""
