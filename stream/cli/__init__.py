"""The command, and the only place that prints."""
