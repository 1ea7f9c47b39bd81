"""`python -m crab`."""

from crab.cli.app import main

main()
