"""`runspan demo`: a sample agent at work, its run as a tree, its files, and where to see its trace."""

from __future__ import annotations

import importlib.util
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import click

from runspan.cli._options import storage_option
from runspan.cli._show import jaeger_link, read_native
from runspan.settings import DEFAULT_STORAGE, otlp_http_endpoint, read_settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

    from runspan.storage import FileStorage

__all__ = ["command"]

_JAEGER_URL: Final = "http://localhost:16686"
_CONNECT_S: Final = 0.3
_TELLING_RUN: Final = 2
"""Which of the agent's runs is shown: the one whose refund fails."""


@click.command("demo")
@storage_option
def command(storage: str | None) -> None:
    """Run a sample agent and show what it recorded.

    It needs no server. With an OTLP/HTTP receiver listening (`make jaeger` starts one) its traces go there.

    \b
    Example:
      runspan demo
    """
    from runspan import Runtime
    from runspan.cli._tree import console, run_tree
    from runspan.storage import FileStorage

    endpoint = otlp_http_endpoint()
    is_sent = _is_listening(endpoint)
    provider = _provider(endpoint if is_sent else None)
    path = storage or read_settings().storage or DEFAULT_STORAGE
    run_ids = _work(Runtime(path, agent_name="support-agent", span_names="choice", tracer_provider=provider), provider)
    provider.force_flush()
    opened = FileStorage(path)
    run = read_native(opened, run_ids[_TELLING_RUN])
    console().print(run_tree(run))
    _tell_files(opened, run_ids)
    _tell_jaeger(run, endpoint, is_sent=is_sent)


def _provider(endpoint: str | None) -> TracerProvider:
    """Return a provider of the demo's own that sends where somebody listens, and nowhere else."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    from runspan.config import configure

    provider = TracerProvider(resource=Resource.create({"service.name": "support-agent"}))
    return configure(endpoint=endpoint, tracer_provider=provider)


def _is_listening(endpoint: str) -> bool:
    address = urlsplit(endpoint)
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        with socket.create_connection((address.hostname or "localhost", port), _CONNECT_S):
            return True
    except OSError:
        return False


def _work(runtime: Any, provider: TracerProvider) -> list[str]:
    agent = _agent()
    missing = agent.instrument(provider)
    if missing:
        click.echo(f"Note: {missing}", err=True)
    run_ids: list[str] = agent.work_through_tickets(runtime)
    return run_ids


def _agent() -> Any:
    """Load the example: from beside this file where it is installed, else from the checkout."""
    here = Path(__file__).resolve()
    folders = (here.parent / "_support_agent", here.parents[3] / "examples" / "support_agent")
    path = next(folder / "agent.py" for folder in folders if folder.is_dir())
    spec = importlib.util.spec_from_file_location("runspan_support_agent", path)
    if spec is None or spec.loader is None:  # pragma: no cover - a file that ends in .py has a loader
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _tell_files(storage: FileStorage, run_ids: list[str]) -> None:
    click.echo(f"\n{len(run_ids)} runs, one file each:")
    for run_id in run_ids:
        click.echo(f"  {storage.run_path(run_id)}")
    click.echo(f"Look at them: runspan list --storage {storage.base_path}")


def _tell_jaeger(run: dict[str, Any], endpoint: str, *, is_sent: bool) -> None:
    if is_sent:
        click.echo(f"\nSent to {endpoint}. In Jaeger: {jaeger_link(run, read_settings().jaeger_url or _JAEGER_URL)}")
        return
    click.echo(f"\nNobody listens at {endpoint}, so the traces went nowhere. To see this run in Jaeger:")
    click.echo(
        "  make jaeger     (or any OTLP/HTTP receiver at that address; OTEL_EXPORTER_OTLP_ENDPOINT names another)"
    )
    click.echo("  runspan demo    again, in another shell: it prints the link")
