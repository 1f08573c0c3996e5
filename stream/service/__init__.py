"""THE ORDER OF THINGS: from a batch to a commit to what is published, told on ports."""
