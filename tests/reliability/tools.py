"""Programs of the system that tests ask for: installs what is missing where it may, else names it in one line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import Final

import pytest

__all__ = ["TOOLS", "give_up", "install", "require"]

TOOLS: Final = ("strace", "faketime", "chromium", "zsh", "fish")


def install() -> str:
    """Install what is missing, as root on a system with apt-get; return a line about what is missing still."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing and shutil.which("apt-get") is not None and hasattr(os, "geteuid") and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "-y", "--no-install-recommends", *missing]):
            subprocess.run(["apt-get", "-qq", *command], env=environment, stdout=sys.stderr, check=False, timeout=600)
        missing = [tool for tool in missing if shutil.which(tool) is None]
    return f"not installed: {', '.join(missing)}; the tests that need them are skipped" if missing else ""


def require(tool: str) -> None:
    """Skip the test where a program is missing; in CI that is a failure."""
    if shutil.which(tool) is None:
        give_up(f"{tool} is not installed")


def give_up(reason: str) -> None:
    """Skip the test; in CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


if __name__ == "__main__":
    line = install()
    if line:
        print(line, file=sys.stderr)  # noqa: T201 - a command
