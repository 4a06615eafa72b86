"""`python -m tests.backends.build`: have the Collector and Jaeger ready. Knows nothing of running them."""

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
        if os.environ.get(program.variable) or shutil.which("go") is None:
            print(f"backends: {exc}", flush=True)
            return False
        print(f"backends: building {program.name} with Go; the first time takes minutes", flush=True)
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


def main(arguments: list[str]) -> int:
    """Prepare both programs beside each other: the linker of one leaves a core to the compiler of the other.

    Returns:
        0 when both are ready, else 1; with `--optional` always 0, because the tests say what they miss.
    """
    with ThreadPoolExecutor() as pool:
        ready = list(pool.map(_ready, PROGRAMS))
    return 0 if all(ready) or "--optional" in arguments else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
