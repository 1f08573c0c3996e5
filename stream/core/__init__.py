"""WHAT HAPPENS: events in, transitions out; pure, without I/O, clock or third party."""
