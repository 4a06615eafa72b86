"""The command group: which commands there are, and how errors end. Knows no command's work."""

from __future__ import annotations

import difflib
import importlib
import sys
from typing import Any, Final

import click

from runspan._version import __version__
from runspan.errors import RunspanError

__all__ = ["main"]

_COMMANDS: Final = {
    "demo": "runspan.cli._demo",
    "list": "runspan.cli._list",
    "show": "runspan.cli._show",
}
"""Where each command is; loaded when it is called, so that `--help` is quick."""

COULD_NOT: Final = 2


class _Commands(click.Group):
    """Loads a command when it is asked for; knows what somebody may have meant."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, in the order in which help lists them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Load a command."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(_COMMANDS[cmd_name]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Refuse a mistyped command, with what may have been meant."""
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], _COMMANDS, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else f" There are: {', '.join(_COMMANDS)}."
            raise click.UsageError(f"no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Turn every error of runspan's into one line and exit code 2."""
        try:
            return super().invoke(ctx)
        except RunspanError as exc:
            click.echo(f"Error: {exc}", err=True)
            sys.exit(COULD_NOT)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="runspan")
def main() -> None:
    """Look at what AI agents decided.

    Data goes to standard output, notes to standard error. Exit codes: 0 done; 1 done and the answer is no; 2 could not
    do it.

    \b
    Example:
      runspan demo
      runspan list
      runspan show latest
    """
