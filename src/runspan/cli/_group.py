"""The command group: how errors are told, and what a mistyped name may have meant. Knows no command."""

from __future__ import annotations

import difflib
import errno
import sys
from bisect import bisect
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import click

from runspan.cli._text import visible
from runspan.errors import RunspanError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COULD_NOT", "Commands", "RefusedError", "did_you_mean"]

COULD_NOT: Final = 2
"""Exit code of a command that could not do what was asked."""

_LONGEST: Final = 2_000
_MANY: Final = 1_000
_ENDING: Final = 4


class RefusedError(click.ClickException):
    """The command could not do it: `Error: …` on stderr."""

    exit_code = COULD_NOT

    def format_message(self) -> str:
        """Return the message; ids, words and paths in it are texts of strangers."""
        return visible(self.message, _LONGEST)


class Commands(click.Group):
    """A group that turns what runspan or the system refuses into one line, and exit code 2."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run; what the output's encoding cannot say is written as its escape."""
        for stream in (sys.stdout, sys.stderr):
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(errors="backslashreplace")
        return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except RunspanError as exc:
            raise RefusedError(str(exc)) from exc
        except OSError as exc:
            if exc.errno == errno.EPIPE:  # whoever read our output has seen enough; click ends quietly
                raise
            raise RefusedError(str(exc)) from exc

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; tell which one a mistyped name may have meant."""
        name = args[0]
        is_asked = not ctx.resilient_parsing  # else a shell completes what is typed, and nobody is told anything
        if is_asked and self.get_command(ctx, name) is None and not name.startswith("-"):
            ctx.fail(f"there is no command {name!r}.{did_you_mean(name, self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)


def did_you_mean(word: str, words: Sequence[str]) -> str:
    """Return ` Did you mean …?` with the words closest to a mistyped one; empty where none is close."""
    close = difflib.get_close_matches(word, words if len(words) <= _MANY else _likely(word, words), n=3)
    return f" Did you mean {' or '.join(close)}?" if close else ""


def _likely(word: str, words: Sequence[str]) -> list[str]:
    """Return those of very many words that begin or end as a mistyped one does: comparing takes its time."""
    ordered = sorted(words)
    place = bisect(ordered, word)
    near = ordered[max(0, place - _MANY // 4) : place + _MANY // 4]
    ending = word[-_ENDING:]
    return list(dict.fromkeys([*near, *islice((each for each in ordered if each.endswith(ending)), _MANY // 2)]))
