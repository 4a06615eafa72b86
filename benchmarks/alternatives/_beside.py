"""Environments for the alternatives, and the table of what they measured there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from benchmarks.figures import Figure

__all__ = ["figure"]

_REPO: Final = Path(__file__).parents[2]
_PACKAGES: Final = {
    "openinference": ("OpenInference", ("openinference-instrumentation", "opentelemetry-sdk")),
    "logfire": ("Logfire", ("logfire",)),
    "langfuse": ("Langfuse", ("langfuse",)),
    "traceloop": ("Traceloop", ("traceloop-sdk", "httpx")),
    "mlflow": ("MLflow", ("mlflow-skinny", "sqlalchemy", "alembic", "numpy", "pandas")),
}
"""Module here -> its name for people, and what its environment needs."""


def figure(*, quick: bool = False) -> Figure:
    """All alternatives that can be installed, and why the others cannot."""
    rows, missing = [], []
    for module, (title, packages) in _PACKAGES.items():
        try:
            told = _measure(module, packages, rounds=3 if quick else 30)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as exc:
            missing.append(f"{title} was not measured: {_reason(exc)}.")
            continue
        ratio = told["median"] / told["bare"]
        rows.append([f"{title} {told['version']}", f"{told['median']:.0f}", f"{told['bare']:.0f}", f"{ratio:.2f}"])
    note = (
        "The same decision with its outcome, recorded as a span in the library's own way, in its own environment and "
        "in turn with the bare SDK there. Nothing leaves the process. None of them writes a file, joins options to "
        "outcomes, or survives a crash; Logfire searches for secrets as runspan does. " + " ".join(missing)
    )
    return Figure("Alternatives", ["", "median, µs", "bare SDK, µs", "x bare SDK"], rows, note)


def _measure(module: str, packages: tuple[str, ...], rounds: int) -> dict[str, Any]:
    python = _environment(module, packages)
    command = [str(python), "-m", f"benchmarks.alternatives.{module}", str(rounds), packages[0]]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "PYTHON"))}
    done = subprocess.run(command, cwd=_REPO, env=environment, capture_output=True, text=True, check=True, timeout=300)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _environment(module: str, packages: tuple[str, ...]) -> Path:
    """Make an environment with the newest versions, or take the one that is there."""
    folder = _REPO / "build" / "alternatives" / module
    python = folder / "bin" / "python"
    if not python.exists():
        uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv"
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True, capture_output=True)
        install = [uv, "pip", "install", "--quiet", "--python", str(python), *packages]
        subprocess.run(install, check=True, capture_output=True, text=True, timeout=600)
    return python


def _reason(exc: subprocess.SubprocessError) -> str:
    lines = str(getattr(exc, "stderr", "") or exc).strip().splitlines()
    return lines[-1][:200] if lines else "it could not be installed"
