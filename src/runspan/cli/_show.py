"""`runspan show`: one stored run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runspan.cli._options import find_run, json_option, open_storage, storage_option
from runspan.errors import CorruptFileError
from runspan.settings import read_settings

if TYPE_CHECKING:
    from runspan.storage import FileStorage

__all__ = ["command", "jaeger_link", "read_native"]


@click.command("show")
@click.argument("run", metavar="RUN")
@storage_option
@json_option
def command(run: str, storage: str | None, as_json: bool) -> None:  # noqa: FBT001 - click passes options by name
    """Show one run: decisions, options, reasoning, outcomes, problems.

    RUN is a run's id, the beginning of one, or `latest`.

    \b
    Example:
      runspan show latest
      runspan show run_20261123 --json
    """
    jaeger_url = read_settings().jaeger_url
    opened = open_storage(storage)
    run_id = find_run(opened, run)
    if as_json:
        click.echo(opened.read_run_bytes(run_id) or b"")
        return
    from runspan.cli._tree import console, run_tree

    native = read_native(opened, run_id)
    console().print(run_tree(native))
    link = jaeger_link(native, jaeger_url)
    if link:
        click.echo(f"In Jaeger: {link}")


def read_native(storage: FileStorage, run_id: str) -> dict[str, Any]:
    """Return a stored run as plain JSON data.

    Raises:
        CorruptFileError: Its file is no run.
    """
    loaded = storage.load_run(run_id)
    if loaded is None:
        raise CorruptFileError(f"{storage.run_path(run_id)} is gone", storage.run_path(run_id))
    return loaded.model_dump(mode="json")


def jaeger_link(run: dict[str, Any], jaeger_url: str | None) -> str | None:
    """Return the address of a run's trace, if it has one and the UI's address is known."""
    trace_id = run.get("trace_id")
    return f"{jaeger_url}/trace/{trace_id}" if jaeger_url and isinstance(trace_id, str) else None
