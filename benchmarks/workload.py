"""The workload of all contenders: a support agent that works through tickets.

Each decision has three options, a context, a reasoning and one outcome; every text differs from the last, as an
agent's do, and all of it is made before the clock runs.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["GOAL", "Step", "steps"]

GOAL: Final = "resolve-ticket"
_WORDS: Final = (
    *("the", "customer", "order", "was", "delivered", "late", "and", "asks", "for", "a", "refund", "of", "shipping"),
    *("fees", "because", "our", "policy", "promises", "two", "days", "agent", "looks", "at", "previous", "tickets"),
    *("finds", "similar", "case", "from", "last", "month", "compares", "what", "offered", "then", "with", "is"),
    *("possible", "now", "without", "approval", "billing", "or", "manager"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """The arguments of one `decide` and of its `record_outcome`."""

    intent: str
    options: list[dict[str, Any]]
    chosen: str
    reasoning: str
    node_id: str
    context: dict[str, Any]
    result: dict[str, Any]
    summary: str
    tokens_used: int
    latency_ms: int


def steps(count: int, seed: int = 1) -> list[Step]:
    """Return that many different steps, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    return [_step(number, chance) for number in range(count)]


def _text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words))


def _step(number: int, chance: random.Random) -> Step:
    options = [
        {
            "id": name,
            "description": _text(chance, 8),
            "action_type": "tool_call",
            "action_params": {"ticket": number, "amount": round(chance.uniform(1, 80), 2)},
            "pros": [_text(chance, 4)],
            "cons": [_text(chance, 4)],
            "confidence": round(chance.random(), 3),
        }
        for name in ("refund", "replace", "escalate")
    ]
    context = {
        "ticket": {"id": number, "subject": _text(chance, 6), "priority": chance.randrange(5)},
        "history": [_text(chance, 6) for _ in range(3)],
        "customer": {"since": 2000 + number % 26, "orders": chance.randrange(200), "country": "DE"},
    }
    return Step(
        intent=f"Choose an action for ticket {number}",
        options=options,
        chosen=chance.choice(("refund", "replace", "escalate")),
        reasoning=_text(chance, 40),
        node_id=("triage", "policy", "reply")[number % 3],
        context=context,
        result={"status": "done", "ticket": number, "message": _text(chance, 10)},
        summary=_text(chance, 8),
        tokens_used=chance.randrange(3_000),
        latency_ms=chance.randrange(2_000),
    )
