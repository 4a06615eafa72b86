"""What a shell offers when TAB is pressed: ids of runs, goals and nodes, from the names of a storage's files.

Runs at every press, so it opens no storage, loads no model, and says nothing where something is wrong. Only ids are
offered that are one plain word in every shell: what an agent called a goal must not become a command.
"""

from __future__ import annotations

import os.path
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from click.shell_completion import BashComplete, CompletionItem, FishComplete, ShellComplete, ZshComplete

from runspan.errors import RunspanError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click

    from runspan.storage import Kind

__all__ = ["SHELLS", "files", "folders", "goals", "nodes", "run_ids", "runs_or_files"]

_MOST: Final = 50
_LATEST: Final = "latest"
_PLAIN: Final = re.compile(r"\w[\w.%+-]*")
_TIMED_ID: Final = re.compile(r"run_\d{8}_\d{6}_")


def run_ids(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Offer `latest` and the newest runs."""
    stored = _ids(ctx, "run")
    found = _plain(stored, incomplete)
    found.sort(key=lambda run_id: (_TIMED_ID.match(run_id) is not None, run_id), reverse=True)
    # The oldest too: a shell types what all offered ones begin with, and older ones must stay within reach.
    offered = found[:_MOST] + found[_MOST:][-1:]
    return _items([_LATEST] * (bool(stored) and _LATEST.startswith(incomplete)) + offered)


def runs_or_files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Offer runs; where none begins like this, files."""
    return run_ids(ctx, param, incomplete) or [CompletionItem(incomplete, type="file")]


def goals(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Offer goals of stored runs."""
    return _items(sorted(_plain(_ids(ctx, "goal"), incomplete)))


def nodes(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Offer nodes that decided in stored runs."""
    return _items(sorted(_plain(_ids(ctx, "node"), incomplete)))


def folders(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Offer folders."""
    return [CompletionItem(incomplete, type="dir")]


def files(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Offer files."""
    return [CompletionItem(incomplete, type="file")]


def _ids(ctx: click.Context, kind: Kind) -> list[str]:
    """Return the ids in the storage that is named on the line so far, else in the usual one; none if it has a fault."""
    from runspan.cli._options import storage_path
    from runspan.storage import ids_at_a_glance

    given = ctx.params.get("storage")  # as typed: no shell has replaced anything in it
    with suppress(OSError, RunspanError, RuntimeError, ValueError):
        path = None if given is None else Path(os.path.expandvars(given)).expanduser()
        return ids_at_a_glance(storage_path(path), kind)
    return []


def _plain(some_ids: Iterable[str], incomplete: str) -> list[str]:
    return [some_id for some_id in some_ids if some_id.startswith(incomplete) and _PLAIN.fullmatch(some_id)]


def _items(words: Iterable[str]) -> list[CompletionItem[str]]:
    return [CompletionItem(word) for word in words]


class _Quiet(ShellComplete):
    """Click's way of completing, silent whatever goes wrong, and at home with `--goal=…`."""

    def source(self) -> str:
        """Return the script; what the command says on stderr is not for who is typing."""
        return re.sub(r"(_complete [^\n]*?(?:\$1|runspan))(?=\))", r"\1 2>/dev/null", super().source())

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before, and the one to complete; bash makes three of `--goal=re`."""
        args, incomplete = super().get_completion_args()
        return (args[:-1] if args[-1:] == ["="] else args), incomplete

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        """Return what may stand there; other shells replace all of `--goal=re`."""
        option, equals, _ = incomplete.partition("=")
        found = super().get_completions(args, incomplete)
        if not equals or not option.startswith("--"):
            return found
        return [CompletionItem(f"{option}={item.value}", item.type) for item in found]


class _Bash(_Quiet, BashComplete):
    pass


class _Zsh(_Quiet, ZshComplete):
    pass


class _Fish(_Quiet, FishComplete):
    def source(self) -> str:
        return super().source().replace("complete --no-files", "complete --no-files --keep-order")


SHELLS: Final[dict[str, Any]] = {shell.name: shell for shell in (_Bash, _Zsh, _Fish)}
"""By the name that Click knows them by; who completes registers them there."""
