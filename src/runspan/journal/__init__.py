"""Crash-safe copy of open runs: one appended line per call. Knows nothing of spans but their ids.

```text
journal/{run_id}.jsonl          an open run, or one whose process died
journal/ended/{run_id}.jsonl    an ended run whose spans may not have left the process yet
journal/locks/{process}.lock    held while the process lives that wrote the journals naming it
```
"""

from runspan.journal._folder import JournalFolder, StoredJournals, forget_kept
from runspan.journal._format import (
    DecisionStep,
    EndStep,
    JournaledRun,
    OutcomeStep,
    ProblemStep,
    SpanFacts,
    children_line,
    decision_line,
    end_line,
    outcome_line,
    problem_line,
    read_journal,
    read_owner,
    run_line,
    span_json,
)
from runspan.journal._frames import frame
from runspan.journal._journal import Journal

__all__ = [
    "DecisionStep",
    "EndStep",
    "Journal",
    "JournalFolder",
    "JournaledRun",
    "OutcomeStep",
    "ProblemStep",
    "SpanFacts",
    "StoredJournals",
    "children_line",
    "decision_line",
    "end_line",
    "forget_kept",
    "frame",
    "outcome_line",
    "problem_line",
    "read_journal",
    "read_owner",
    "run_line",
    "span_json",
]
