"""What changed between two runs, decision by decision. Pure: plain JSON data in, no file, span or screen."""

from runspan.diff._align import align
from runspan.diff._compare import Change, DecisionDiff, RunDiff, diff_runs

__all__ = ["Change", "DecisionDiff", "RunDiff", "align", "diff_runs"]
