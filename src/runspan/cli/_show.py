"""`runspan show RUN`: one stored run as a tree, a part of it whole, or a page."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - click's decorated functions are read at run time
from typing import TYPE_CHECKING, Final

import click

from runspan.cli._complete import run_ids
from runspan.cli._group import RefusedError, did_you_mean
from runspan.cli._options import (
    echo_json,
    find_run_id,
    html_option,
    json_option,
    open_storage,
    storage_option,
    write_page,
)
from runspan.errors import RunNotFoundError

if TYPE_CHECKING:
    from runspan.models import Decision, Run

_EPILOG: Final = "\b\nExample:\n  runspan show latest --storage .runspan\n"


@click.command(epilog=_EPILOG)
@click.argument("run", metavar="RUN", shell_complete=run_ids)
@click.option("--decision", metavar="ID", help="Only this decision, with everything recorded of it.")
@click.option("--full", is_flag=True, help="All decisions, with everything recorded of them.")
@click.option("--problems", is_flag=True, help="Only what was reported as a problem, and what failed.")
@storage_option
@json_option
@html_option
def show(
    run: str,
    storage: Path | None,
    *,
    decision: str | None,
    full: bool,
    problems: bool,
    as_json: bool,
    html: Path | None,
) -> None:
    """Show one run: its decisions, options, outcomes and problems.

    RUN is a run's id, the unique beginning of one, or `latest`. With --json the file is printed as it is.
    """
    opened = open_storage(storage)
    run_id = find_run_id(opened, run)
    loaded, data = opened.load_run(run_id), opened.read_run_bytes(run_id)
    if loaded is None or data is None:  # deleted since we looked
        raise RunNotFoundError(run_id, opened.base_path)
    if as_json:
        echo_json(data, nl=False)
    elif html is not None:
        _write_page(loaded, html)
    elif decision is not None or full or problems:
        _print_part(loaded, decision, problems=problems)
    else:
        from runspan.cli._render import print_run
        from runspan.settings import read_settings

        print_run(loaded, read_settings().jaeger_url)


def _write_page(run: Run, html: Path) -> None:
    from runspan.cli._render import jaeger_link
    from runspan.pages import run_page
    from runspan.settings import read_settings

    try:
        native = run.model_dump(mode="json", warnings=False)
    except ValueError as exc:  # deeper than anything can be written
        raise RefusedError(f"run {run.id} cannot be made a page: {exc}") from exc
    link = jaeger_link(read_settings().jaeger_url, native.get("trace_id"))
    write_page(html, run_page(native, jaeger_url=link))


def _print_part(run: Run, decision: str | None, *, problems: bool) -> None:
    from runspan.cli._render_details import print_details, print_problems

    if problems:
        print_problems(run)
    else:
        print_details(run, run.decisions if decision is None else [_found(run, decision)])


def _found(run: Run, decision_id: str) -> Decision:
    """Return a decision by its id or its number.

    Raises:
        RefusedError: There is none.
    """
    for decision in run.decisions:
        if decision_id in {decision.id, decision.id.removeprefix("dec_")}:
            return decision
    ids = [decision.id for decision in run.decisions]
    there = f"there are {len(ids)}, from {ids[0]} to {ids[-1]}" if ids else "there are none"
    raise RefusedError(f"no decision {decision_id!r} in run {run.id}: {there}.{did_you_mean(decision_id, ids)}")
