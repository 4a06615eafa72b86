"""The command line: `runspan`, one command a file. Only this package imports click."""

from runspan.cli._group import main

__all__ = ["main"]
