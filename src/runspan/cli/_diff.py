"""`runspan diff A B`: what changed between two runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from runspan.cli._complete import runs_or_files
from runspan.cli._group import RefusedError
from runspan.cli._options import echo_json, find_run_id, json_option, open_storage, storage_option
from runspan.settings import read_settings

if TYPE_CHECKING:
    from runspan.diff import RunDiff

_EPILOG: Final = "\b\nExample:\n  runspan diff before.json after.json\n"

_TRACE_ID: Final = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)


@click.command("diff", epilog=_EPILOG)
@click.argument("one", metavar="A", shell_complete=runs_or_files)
@click.argument("other", metavar="B", shell_complete=runs_or_files)
@storage_option
@json_option
@click.option("--jaeger", metavar="URL", help="Where trace ids are looked up.  [default: RUNSPAN_JAEGER_URL]")
@click.pass_context
def diff(ctx: click.Context, one: str, other: str, storage: Path | None, *, as_json: bool, jaeger: str | None) -> None:
    """Show what changed between two runs, decision by decision.

    A and B are run files, ids of stored runs (or their unique beginnings, or `latest`), or ids of traces in a Jaeger.
    Decisions are compared by node and intent, wherever they stand. Ids and times differ always: times are shown, and
    do not count as a difference.

    Exits with 1 if the runs differ.
    """
    from runspan.diff import diff_runs

    told = diff_runs(_run(one, storage, jaeger), _run(other, storage, jaeger))
    (_print_json if as_json else _print)(told)
    ctx.exit(int(not told.is_same))


def _run(word: str, storage: Path | None, jaeger: str | None) -> dict[str, Any]:
    """Return the run that a word means.

    Raises:
        RefusedError: There is none.
    """
    if Path(word).is_file():
        return _parsed(Path(word).read_bytes(), word)
    url = read_settings(jaeger_url=jaeger).jaeger_url
    if url and _TRACE_ID.fullmatch(word):
        return _from_jaeger(word.lower(), url)
    opened = open_storage(storage)
    run_id = find_run_id(opened, word)
    return _parsed(opened.read_run_bytes(run_id) or b"", str(opened.run_path(run_id)))


def _parsed(data: bytes, name: str) -> dict[str, Any]:
    from runspan.values import DEEPEST, is_deeper, loads

    try:
        run = loads(data)
    except ValueError as exc:
        raise RefusedError(f"{name} cannot be read as a run: {exc}") from exc
    if is_deeper(run, DEEPEST):
        raise RefusedError(f"{name} cannot be compared: it has more than {DEEPEST} levels")
    if not isinstance(run, dict) or "decisions" not in run:
        raise RefusedError(f"{name} is no run file")
    return run


def _from_jaeger(trace_id: str, url: str) -> dict[str, Any]:
    from runspan.interchange import Jaeger, runs_from_jaeger

    runs = list(runs_from_jaeger(Jaeger(url), [trace_id]))
    if len(runs) != 1:
        named = ": " + ", ".join(run.run_id for run in runs) if runs else ""
        raise RefusedError(f"trace {trace_id} in {url} holds {len(runs)} runs{named}")
    if not runs[0].is_whole:
        click.echo(f"Warning: trace {trace_id} is incomplete: {'; '.join(runs[0].missing)}", err=True)
    return runs[0].native


def _print_json(told: RunDiff) -> None:
    from dataclasses import asdict

    from runspan.values import dumps

    document = asdict(told) | {
        "before": told.before.get("id"),
        "after": told.after.get("id"),
        "is_same": told.is_same,
        "decisions": [asdict(decision) | {"is_same": decision.is_same} for decision in told.decisions],
    }
    echo_json(dumps(document, indent=True))


def _print(told: RunDiff) -> None:
    from runspan.cli._render_diff import print_diff

    print_diff(told)
