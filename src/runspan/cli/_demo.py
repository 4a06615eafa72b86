"""`runspan demo`: the support agent at work, then the run that shows most. Knows no run's format."""

from __future__ import annotations

import importlib
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import click

from runspan.cli._options import echo_json, json_option, storage_option, storage_path

if TYPE_CHECKING:
    from types import ModuleType

    from opentelemetry.sdk.trace import TracerProvider  # noqa: TID251 - a type, never loaded

    from runspan.models import Run
    from runspan.runtime import Runtime

_EPILOG: Final = "\b\nExample:\n  runspan demo --storage .runspan\n"

_SERVICE: Final = "support-agent"
_JAEGER: Final = "http://localhost:16686"
_CONNECT_S: Final = 0.3
_FLUSH_MS: Final = 10_000

_NO_RECEIVER: Final = """\
No OTLP receiver listens at {endpoint}, so the traces went nowhere. To see them in Jaeger:
  docker run --rm -p 16686:16686 -p 4318:4318 jaegertracing/jaeger:2.13.0   (or, in a clone: make jaeger)
  runspan demo"""


@click.command(epilog=_EPILOG)
@storage_option
@json_option
def demo(storage: Path | None, *, as_json: bool) -> None:
    """Run an example agent and show what it did.

    The agent works through five support tickets on this machine alone. Its traces go to the OTLP receiver of the
    OTEL_EXPORTER_OTLP_* variables, else to localhost:4318; without one there, nowhere.
    """
    from runspan.cli._render import print_run
    from runspan.runtime import Runtime
    from runspan.settings import otlp_http_endpoint
    from runspan.storage import FileStorage

    stored, endpoint = FileStorage(storage_path(storage)), otlp_http_endpoint()
    is_sent = _listens(endpoint)
    provider = _provider(is_sent=is_sent)
    runtime = Runtime(stored.base_path, tracer_provider=provider, agent_name=_SERVICE, span_names="choice")
    click.echo("A support agent works through its tickets …", err=True)
    run_ids = _work(runtime, provider)
    run = _most_telling([run for run_id in run_ids if (run := stored.load_run(run_id)) is not None])
    if as_json:
        echo_json(stored.read_run_bytes(run.id) or b"", nl=False)
        return
    print_run(run)
    click.echo("\nRun files, one a ticket:")
    for run_id in run_ids:
        click.echo(f"  {stored.base_path / 'runs' / stored.run_path(run_id).name}")
    _print_trace(run, endpoint, is_sent=is_sent)


def _listens(endpoint: str) -> bool:
    """Return whether somebody takes connections there."""
    try:
        address = urlsplit(endpoint)
        port = address.port or (443 if address.scheme == "https" else 80)
        with socket.create_connection((address.hostname or "", port), timeout=_CONNECT_S):
            return True
    except (OSError, ValueError):
        return False


def _provider(*, is_sent: bool) -> TracerProvider:
    """Return where spans go: out by OTLP, or nowhere, so that runs have traces and nobody waits for a receiver."""
    if is_sent:
        from runspan.config import configure

        return configure(_SERVICE)
    from opentelemetry.sdk.trace import TracerProvider  # noqa: TID251 - a provider without exporter needs no set-up

    return TracerProvider(shutdown_on_exit=False)


def _work(runtime: Runtime, provider: TracerProvider) -> list[str]:
    """Let the agent work; return the ids of its runs, whose spans are out."""
    agent = _load_agent()
    agent.instrument(provider)
    run_ids: list[str] = agent.work(runtime)
    provider.force_flush(_FLUSH_MS)
    return run_ids


def _load_agent() -> ModuleType:
    """Import the example from the wheel, else from the clone. Being a script, it finds its other module by path."""
    folder = Path(__file__).with_name("_support_agent")
    if not folder.is_dir():
        folder = Path(__file__).parents[3] / "examples" / "support_agent"
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module("agent")
    finally:
        sys.path.remove(str(folder))


def _most_telling(runs: list[Run]) -> Run:
    return max(runs, key=lambda run: (len(run.problems), run.metrics.failed_decisions))


def _print_trace(run: Run, endpoint: str, *, is_sent: bool) -> None:
    """Print where the trace is, or how to get it into a Jaeger."""
    from runspan.cli._render import jaeger_link
    from runspan.settings import read_settings

    link = jaeger_link(read_settings().jaeger_url or _JAEGER, (run.model_extra or {}).get("trace_id"))
    if not is_sent:
        click.echo("\n" + _NO_RECEIVER.format(endpoint=endpoint))
    elif link is not None:
        click.echo(f"\nTrace, sent to {endpoint}:\n  {link}")
