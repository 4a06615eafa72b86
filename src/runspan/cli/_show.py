"""`runspan show RUN`: one stored run as a tree."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - click's decorated functions are read at run time
from typing import Final

import click

from runspan.cli._options import find_run_id, html_option, json_option, open_storage, storage_option, write_page
from runspan.errors import RunNotFoundError

_EPILOG: Final = "\b\nExample:\n  runspan show latest --storage .runspan\n"


@click.command(epilog=_EPILOG)
@click.argument("run", metavar="RUN")
@storage_option
@json_option
@html_option
def show(run: str, storage: Path | None, *, as_json: bool, html: Path | None) -> None:
    """Show one run: its decisions, options, outcomes and problems.

    RUN is a run's id, the unique beginning of one, or `latest`. With --json the file is printed as it is.
    """
    opened = open_storage(storage)
    run_id = find_run_id(opened, run)
    loaded, data = opened.load_run(run_id), opened.read_run_bytes(run_id)
    if loaded is None or data is None:  # deleted since we looked
        raise RunNotFoundError(run_id, opened.base_path)
    if as_json:
        click.echo(data, nl=False)
        return
    from runspan.cli._render import jaeger_link, print_run
    from runspan.settings import read_settings

    jaeger_url = read_settings().jaeger_url
    if html is not None:
        from runspan.pages import run_page

        native = loaded.model_dump(mode="json", warnings=False)
        write_page(html, run_page(native, jaeger_url=jaeger_link(jaeger_url, native.get("trace_id"))))
        return
    print_run(loaded, jaeger_url)
