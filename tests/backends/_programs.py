"""The programs of the tests: what they are built from, where a built one is kept. Knows nothing of running them."""

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
from typing import Final, Literal

__all__ = ["COLLECTOR", "JAEGER", "KAFKA", "PROGRAMS", "Program", "UnavailableError", "build", "find"]

_SOURCES: Final = Path(__file__).parent
_NAMES: Final = {"go": "Go", "mvn": "Maven"}
_COPY_JARS: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


class UnavailableError(Exception):
    """A program cannot be had here; the message is one line for the reader of a skipped test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One program the tests run, pinned by the files in its folder: go.mod and go.sum, or pom.xml and jars.sha256."""

    name: str
    """Name of the program, of its folder beside this file, and of the built file."""
    package: str
    """What `go build` is told to build, or the class that Java is told to run."""
    variable: str
    """Environment variable that names a ready binary, or a folder of jars, which then wins over a built one."""
    builder: Literal["go", "mvn"] = "go"
    """By what it is built."""
    runner: str = ""
    """By what it is run, if not by itself."""

    @property
    def sources(self) -> Path:
        """Folder with the files that pin it."""
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

KAFKA: Final = Program(name="kafka", package="kafka.Kafka", variable="RUNSPAN_TEST_KAFKA", builder="mvn", runner="java")
"""A Kafka broker: a folder of jars from Maven Central."""

PROGRAMS: Final = (COLLECTOR, JAEGER, KAFKA)
"""All, in the order in which they are told of."""


def find(program: Program) -> Path:
    """Path of a ready binary, or of a folder of jars.

    Raises:
        UnavailableError: There is none, or the environment names one that cannot be run, or nothing can run it.
    """
    if program.runner and shutil.which(program.runner) is None:
        message = f"no {program.runner} to run {program.name} with"
        raise UnavailableError(message)
    named = os.environ.get(program.variable)
    if named:
        if not os.access(named, os.X_OK):
            message = f"{program.variable} names no program: {named}"
            raise UnavailableError(message)
        return Path(named).absolute()
    if program.built.exists():
        return program.built
    first = "" if shutil.which(program.builder) else f"install {_NAMES[program.builder]} and "
    message = f"no {program.name} built yet: {first}run `make backends`, or set {program.variable}"
    raise UnavailableError(message)


def build(program: Program) -> Path:
    """Build a program into its place and return that. Any number of processes may do so at once.

    Raises:
        UnavailableError: What builds it is not there, or could not; with the end of what it said.
    """
    builder = shutil.which(program.builder)
    if builder is None:
        message = f"no {_NAMES[program.builder]} to build {program.name} with"
        raise UnavailableError(message)
    place = program.built
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        made = Path(folder) / program.name
        _BUILD[program.builder](builder, program, made)
        try:
            made.replace(place)  # whole or not at all, whoever else builds
        except OSError:
            if not place.is_dir():  # a folder of somebody who was faster stays
                raise
    return place


def _compile(go: str, program: Program, made: Path) -> None:
    # -mod and GOWORK: what the user's own Go settings say must not change what is built.
    command = [go, "build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", str(made)]
    _run([*command, program.package], program, GOFLAGS="", GOWORK="off")


def _fetch(maven: str, program: Program, made: Path) -> None:
    """Fetch jars, and hold each to its checksum."""
    with tempfile.TemporaryDirectory(dir=made.parent) as repository:  # the user's own is left as it is
        where = [f"-Dmaven.repo.local={repository}", f"-DoutputDirectory={made}"]
        _run([maven, "-q", "-B", "-DincludeScope=runtime", *where, _COPY_JARS], program)
    promised = dict(line.split()[::-1] for line in (program.sources / "jars.sha256").read_text().splitlines())
    came = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in made.iterdir()}
    if promised != came:
        odd = sorted(name for name, _ in promised.items() ^ came.items())
        message = f"not the jars of {program.name} that are pinned: {', '.join(dict.fromkeys(odd))}"
        raise UnavailableError(message)


def _run(command: list[str], program: Program, **variables: str) -> None:
    done = subprocess.run(
        command,
        cwd=program.sources,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no word why"]
        message = f"{_NAMES[program.builder]} could not build {program.name}: {said[0]}"
        raise UnavailableError(message)


_BUILD: Final = {"go": _compile, "mvn": _fetch}
