"""Benchmarks: what one worker does in a second, how long a change takes to arrive, what a customer weighs.

Read measure (how figures are taken), report (how they are told), mix (what is fed), then any benchmark; those with
servers stand on servers, site and the child processes floor, probe and mock_worker.
"""
