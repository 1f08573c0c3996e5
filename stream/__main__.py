"""`python -m stream` is the command `segments`."""

from stream.cli.main import main

main()
