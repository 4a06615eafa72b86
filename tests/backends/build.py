"""`python -m tests.backends.build`: have the Collector, Jaeger and Kafka ready. Knows nothing of running them."""

from __future__ import annotations

import os
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from tests.backends._programs import PROGRAMS, Program, UnavailableError, build, find


def _ready(program: Program) -> bool:
    """Find or build one program and say in a line what became of it."""
    try:
        find(program)
    except UnavailableError as exc:
        if any(shutil.which(tool) is None for tool in (program.builder, program.runner) if tool) or (
            os.environ.get(program.variable)
        ):
            print(f"backends: {exc}", flush=True)
            return False
        print(f"backends: building {program.name} with {program.builder}; the first time takes minutes", flush=True)
    else:
        print(f"backends: {program.name} is ready", flush=True)
        return True
    began = time.monotonic()
    try:
        build(program)
    except UnavailableError as exc:
        print(f"backends: {exc}", flush=True)
        return False
    print(f"backends: {program.name} built in {time.monotonic() - began:.0f} s", flush=True)
    return True


def have(*programs: Program) -> bool:
    """Prepare programs beside each other: the linker of one leaves a core to the compiler of the other.

    Returns:
        Whether all are ready.
    """
    with ThreadPoolExecutor() as pool:
        return all(list(pool.map(_ready, programs)))


def main(arguments: list[str]) -> int:
    """Prepare all programs.

    Returns:
        0 when they are ready, else 1; with `--optional` always 0, because the tests say what they miss.
    """
    return 0 if have(*PROGRAMS) or "--optional" in arguments else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
