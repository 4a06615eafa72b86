"""The two Go programs: their sources, where a built one is kept, how it is built. Knows nothing of running them."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["COLLECTOR", "JAEGER", "PROGRAMS", "Program", "UnavailableError", "build", "find"]

_SOURCES: Final = Path(__file__).parent


class UnavailableError(Exception):
    """A program cannot be had here; the message is one line for the reader of a skipped test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One program the tests run, pinned by the go.mod and go.sum in its folder."""

    name: str
    """Name of the program, of its folder beside this file, and of the built file."""
    package: str
    """What `go build` is told to build."""
    variable: str
    """Environment variable that names a ready binary, which then wins over a built one."""

    @property
    def sources(self) -> Path:
        """Folder with go.mod and go.sum."""
        return _SOURCES / self.name

    @property
    def built(self) -> Path:
        """Where the built program is kept: outside the repository, under a hash of what it is built from."""
        digest = hashlib.sha256(f"{sys.platform} {platform.machine()}".encode())
        for file in sorted(file for file in self.sources.iterdir() if file.is_file()):
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return cache / "runspan" / "backends" / digest.hexdigest()[:16] / self.name


COLLECTOR: Final = Program(name="collector", package=".", variable="RUNSPAN_TEST_COLLECTOR")
"""OpenTelemetry Collector with the components of our configurations."""

JAEGER: Final = Program(
    name="jaeger", package="github.com/jaegertracing/jaeger/cmd/jaeger", variable="RUNSPAN_TEST_JAEGER"
)
"""Jaeger 2. Its module lacks the pages of the user interface; every API is there."""

PROGRAMS: Final = (COLLECTOR, JAEGER)
"""Both, in the order in which they are told of."""


def find(program: Program) -> Path:
    """Path of a ready binary.

    Raises:
        UnavailableError: There is none, or the environment names one that cannot be run.
    """
    named = os.environ.get(program.variable)
    if named:
        if not os.access(named, os.X_OK):
            message = f"{program.variable} names no program: {named}"
            raise UnavailableError(message)
        return Path(named).absolute()
    if program.built.exists():
        return program.built
    first = "" if shutil.which("go") else "install Go and "
    message = f"no {program.name} built yet: {first}run `make backends`, or set {program.variable}"
    raise UnavailableError(message)


def build(program: Program) -> Path:
    """Build a program into its place and return that. Any number of processes may do so at once.

    Raises:
        UnavailableError: There is no Go, or it could not build; with the end of what it said.
    """
    go = shutil.which("go")
    if go is None:
        message = f"no Go to build {program.name} with"
        raise UnavailableError(message)
    place = program.built
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        made = Path(folder) / program.name
        # -mod and GOWORK: what the user's own Go settings say must not change what is built.
        command = [go, "build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", str(made)]
        done = subprocess.run(
            [*command, program.package],
            cwd=program.sources,
            env={**os.environ, "GOFLAGS": "", "GOWORK": "off"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            said = done.stderr.strip().splitlines()[-1:] or ["no word why"]
            message = f"Go could not build {program.name}: {said[0]}"
            raise UnavailableError(message)
        made.replace(place)  # whole or not at all, whoever else builds
    return place
