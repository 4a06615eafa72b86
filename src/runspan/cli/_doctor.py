"""`runspan doctor`: is everything set up, and what to do where it is not."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from runspan.cli._options import echo_json, json_option, storage_option, storage_path
from runspan.errors import ConfigError
from runspan.settings import DEFAULT_STORAGE
from runspan.texts import visible

if TYPE_CHECKING:
    from runspan.doctor import Finding

_EPILOG: Final = "\b\nExample:\n  runspan doctor --json\n"
_MARKS: Final = {"good": ("✓", "green"), "note": ("!", "yellow"), "bad": ("✗", "red")}


@click.command(epilog=_EPILOG)
@click.option(
    "--patience", metavar="SECONDS", type=click.FloatRange(min=0), default=10.0, help="Wait for Jaeger.  [default: 10]"
)
@storage_option
@json_option
@click.pass_context
def doctor(ctx: click.Context, storage: Path | None, *, patience: float, as_json: bool) -> None:
    """Say what is configured and whether it works: settings, storage, the OTLP receiver, Jaeger, versions.

    Sends one span, and changes nothing. Exits with 1 if something does not work.
    """
    from runspan.doctor import State, examine

    try:
        folder = storage_path(storage)
    except ConfigError:  # which is a finding
        folder = storage or Path(DEFAULT_STORAGE)
    is_well = True
    told = []
    for finding in examine(folder, patience_s=patience):
        is_well = is_well and finding.state is not State.BAD
        told.append(asdict(finding))
        if not as_json:
            _print(finding)
    if as_json:
        from runspan.values import dumps

        echo_json(dumps(told, indent=True))
    ctx.exit(0 if is_well else 1)


def _print(finding: Finding) -> None:
    from rich.text import Text

    from runspan.cli._render import print_all

    told = f" {visible(finding.what)}: {visible(finding.told)}"
    print_all(Text.assemble(_MARKS[finding.state.value], told))
    if finding.fix:  # in one line, to be copied
        click.echo(f"  {visible(finding.fix)}")
