"""Many runs with known patterns among noise, made up from a seed. Knows nothing of how patterns are found."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

from runspan.native import derive_run, format_timestamp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

__all__ = ["ALL", "made_runs"]

ALL: Final = ("low node", "better option", "tied error", "failing runs", "overconfident", "worsening", "slow decision")
"""What can be planted."""

GOALS: Final = ("refund", "onboard", "invoice", "search", "support", "report")
NODES: Final = {
    "plan": ("Plan the next step", ("ask", "act", "wait")),
    "payments": ("Choose a remedy", ("pay", "voucher", "refuse")),
    "shipping": ("Choose a carrier for order {}", ("express", "standard", "pickup")),
    "answer": ("Answer the question", ("quote", "summarise", "escalate")),
    "lookup": ("Where to look up {}", ("index", "crawl", "cache")),
    "review": ("Is it good enough?", ("yes", "again", "no")),
}
TYPES: Final = ("tool_selection", "parameter_choice", "path_choice", "retry_strategy")
ERRORS: Final = tuple(
    f"{what} {how}"
    for what in ("connection to 10.0.{}.7", "file /tmp/{}.csv", "answer {}", "lock {}", "record {}", "the {}th try")
    for how in ("was refused", "is empty", "came too late", "was not what was asked for", "vanished")
)

_START_US: Final = 1_790_000_000_000_000
_SPAN_US: Final = 80 * 86_400_000_000
_USUAL: Final = 0.82


def made_runs(count: int, planted: Collection[str] = ALL, *, seed: int = 7, decisions: int = 5) -> Iterator[Any]:
    """Give runs as the native format has them, the earliest first, 80 days from the first to the last.

    Args:
        count: How many.
        planted: Which patterns; without any all is noise.
        seed: The same seed gives the same runs.
        decisions: Decisions of each run.
    """
    chance = random.Random(seed)  # noqa: S311 - no secret
    for number in range(count):
        yield _Maker(chance, planted, number / count, number).run(decisions)


class _Maker:
    """Makes one run."""

    def __init__(self, chance: random.Random, planted: Collection[str], progress: float, number: int) -> None:
        self._chance, self._planted, self._progress, self._number = chance, planted, progress, number
        self._goal = chance.choice(GOALS)
        self._now_us = _START_US + int(progress * _SPAN_US)

    def run(self, decisions: int) -> dict[str, Any]:
        """Return the run."""
        started = self._tick(0)
        made = [self._decision(index) for index in range(decisions)]
        failed = [decision for decision in made if not decision["outcome"]["success"]]
        completed = self._completes(failed)
        run_id = f"run_{started[:19].replace('-', '').replace(':', '').replace('T', '_')}_{self._number:08x}"
        run: dict[str, Any] = {
            "id": run_id,
            "goal_id": self._goal,
            "started_at": started,
            "status": "completed" if completed else "failed",
            "completed_at": self._tick(1_000),
            "decisions": made,
            "problems": [],
            "metrics": self._metrics(made, len(failed)),
            "narrative": "",
            "goal_description": "",
            "input_data": {"order": self._number},
            "output_data": {},
        }
        return derive_run(run)

    def _completes(self, failed: list[dict[str, Any]]) -> bool:
        if len(failed) > 1:
            return self._chance.random() < 0.2
        badly = "failing runs" in self._planted and self._goal == "invoice"
        return self._chance.random() < (0.6 if badly else 0.96)

    @staticmethod
    def _metrics(made: list[dict[str, Any]], failed: int) -> dict[str, Any]:
        return {
            "total_decisions": len(made),
            "successful_decisions": len(made) - failed,
            "failed_decisions": failed,
            "total_tokens": sum(decision["outcome"]["tokens_used"] for decision in made),
            "total_latency_ms": sum(decision["outcome"]["latency_ms"] for decision in made),
            "nodes_executed": list(dict.fromkeys(decision["node_id"] for decision in made)),
            "edges_traversed": [],
        }

    def _decision(self, index: int) -> dict[str, Any]:
        chance = self._chance
        node = chance.choice(tuple(NODES))
        intent, options = NODES[node]
        chosen = chance.choices(options, (6, 3, 1))[0]
        likely = self._likely(node, chosen)
        success = chance.random() < likely
        confidence = min(0.89, max(0.1, likely + chance.uniform(-0.04, 0.04)))
        if "overconfident" in self._planted and chance.random() < 0.25:
            confidence = chance.uniform(0.91, 1.0)
        is_slow = "slow decision" in self._planted and self._number % 997 == 500 and index == 2
        latency_ms = 900_000 + self._number if is_slow else int(chance.lognormvariate(6, 0.8))
        return {
            "id": f"dec_{index}",
            "timestamp": self._tick(50),
            "node_id": node,
            "intent": intent.format(chance.randrange(10_000)),
            "decision_type": chance.choice(TYPES),
            "options": [
                {
                    "id": option,
                    "description": f"Do: {option}",
                    "action_type": "execute",
                    "action_params": {},
                    "pros": [],
                    "cons": [],
                    "confidence": round(confidence, 3) if option == chosen else 0.5,
                }
                for option in options
            ],
            "chosen_option_id": chosen,
            "reasoning": f"It seems that {chosen} fits order {self._number}.",
            "active_constraints": [],
            "input_context": {"attempt": index},
            "outcome": {
                "success": success,
                "result": {"number": chance.randrange(10**6)} if success else None,
                "error": None if success else self._error(node, chosen),
                "state_changes": {},
                "tokens_used": int(chance.lognormvariate(6, 1)),
                "latency_ms": latency_ms,
                "summary": "",
                "timestamp": self._tick(latency_ms),
            },
            "evaluation": None,
        }

    def _likely(self, node: str, option: str) -> float:
        """Return how likely a decision succeeds."""
        if "low node" in self._planted and node == "payments":
            return 0.5
        if "better option" in self._planted and (node, option) == ("shipping", "express"):
            return 0.55
        if "worsening" in self._planted and self._goal == "onboard":
            return _USUAL - 0.5 * max(0.0, self._progress - 0.3)
        return _USUAL

    def _error(self, node: str, option: str) -> str:
        if "tied error" in self._planted and (node, option) == ("answer", "summarise") and self._chance.random() < 0.9:
            return f"the model is busy, try again in {self._chance.randrange(60)} s"
        if "low node" in self._planted and node == "payments" and self._chance.random() < 0.6:
            return f"ledger {self._chance.randrange(9)} answered: HTTP 503"
        return self._chance.choice(ERRORS).format(self._chance.randrange(250))

    def _tick(self, ms: int) -> str:
        self._now_us += ms * 1_000
        return format_timestamp(self._now_us)
