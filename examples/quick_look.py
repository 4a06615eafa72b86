"""A quick look at a storage: how often each option was chosen, and how often it worked.

    python quick_look.py [STORAGE]        else RUNSPAN_STORAGE, else .runspan

Run files are JSON, so this needs no more than the standard library and works on the original's files as well.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from pathlib import Path

BAR = 30


def main(storage: str) -> None:
    """Print a bar for each option of each node: `█` worked, `░` did not."""
    outcomes: dict[tuple[str, str], list[bool]] = defaultdict(list)
    runs = sorted(Path(storage).glob("runs/*.json"))
    for path in runs:
        for decision in json.loads(path.read_bytes())["decisions"]:
            if decision["outcome"] is not None:
                outcomes[decision["node_id"], decision["chosen_option_id"]].append(decision["outcome"]["success"])
    print(f"{len(runs)} runs, {sum(map(len, outcomes.values()))} decisions with an outcome")
    most = max(map(len, outcomes.values()), default=1)
    for (node, option), worked in sorted(outcomes.items(), key=lambda item: (item[0][0], -len(item[1]))):
        size = max(1, round(BAR * len(worked) / most))
        good = round(size * sum(worked) / len(worked))
        print(f"{node:>12} {option:<12} {'█' * good}{'░' * (size - good)} {sum(worked)} of {len(worked)}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("RUNSPAN_STORAGE") or ".runspan")
