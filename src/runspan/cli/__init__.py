"""The command line: one group, one command a file. Knows nothing of what the commands do.

Loads neither pydantic nor the SDK nor rich: each command imports what it needs when it runs.
"""

from __future__ import annotations

import click

from runspan._version import __version__
from runspan.cli._completion import completion
from runspan.cli._demo import demo
from runspan.cli._diff import diff
from runspan.cli._doctor import doctor
from runspan.cli._group import Commands
from runspan.cli._import import import_
from runspan.cli._insights import insights
from runspan.cli._list import list_runs
from runspan.cli._recover import recover
from runspan.cli._replay import replay
from runspan.cli._show import show
from runspan.cli._watch import watch

__all__ = ["main"]

_EPILOG = """\b
Exit codes:
  0  done
  1  done, and the answer is no
  2  could not do it

\b
Example:
  runspan demo
"""


@click.group(
    cls=Commands,
    commands=[completion, demo, diff, doctor, import_, insights, list_runs, recover, replay, show, watch],
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="runspan")
def main() -> None:
    """Look at what agents decided: runs recorded by runspan."""
