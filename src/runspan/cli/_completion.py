"""`runspan completion SHELL`: the script by which a shell completes what is typed. Knows nothing of what it offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click
from click.shell_completion import add_completion_class

from runspan.cli._complete import SHELLS

if TYPE_CHECKING:
    from click.shell_completion import ShellComplete

__all__ = ["completion"]

_EPILOG: Final = """\b
Once, for every new shell:
  bash  echo 'eval "$(runspan completion bash)"' >> ~/.bashrc
  zsh   echo 'eval "$(runspan completion zsh)"' >> ~/.zshrc      (after compinit)
  fish  runspan completion fish > ~/.config/fish/completions/runspan.fish

\b
Example:
  runspan completion bash
"""
_VARIABLE: Final = "_RUNSPAN_COMPLETE"

for _shell in SHELLS.values():
    add_completion_class(_shell)


@click.command(epilog=_EPILOG)
@click.argument("shell", metavar="SHELL", type=click.Choice(list(SHELLS)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that completes commands, options, runs, goals and nodes in bash, zsh or fish.

    Runs, goals and nodes are those of the storage that is named before them, else of the usual one; the newest come
    first.
    """
    script: ShellComplete = SHELLS[shell](ctx.find_root().command, {}, "runspan", _VARIABLE)
    click.echo(script.source())
