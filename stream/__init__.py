"""Customer segmentation on a stream. Read it in this order:

errors (whose fault is it), core (what happens), ruleset (from text to a plan), wire (how it looks as bytes),
ports (everything we need from outside), service (the order of things), adapters (one file, one neighbour),
settings, app (where the parts meet), cli (the only place that prints).
"""
