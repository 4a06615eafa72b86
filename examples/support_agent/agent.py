"""A support agent: works through a file of tickets and records why it does what it does.

Run it with `python examples/support_agent/agent.py`, or let `runspan demo` run it. One ticket is one run.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

sys.path.insert(0, str(Path(__file__).parent))
import shop

from runspan import DecisionType, Runtime

if TYPE_CHECKING:
    import sqlite3

    from opentelemetry.trace import TracerProvider

TICKETS = Path(__file__).parent / "tickets.jsonl"
REFUND_LIMIT = 150

TOPICS: list[dict[str, Any]] = [
    {"id": "refund", "description": "The customer wants money back", "confidence": 0.9},
    {"id": "delivery", "description": "The customer waits for a parcel", "confidence": 0.8},
    {"id": "unclear", "description": "A person has to read this", "confidence": 0.3},
]
REMEDIES: list[dict[str, Any]] = [
    {
        "id": "pay",
        "description": "Refund at once",
        "action_type": "tool_call",
        "action_params": {"tool": "payments"},
        "pros": ["the customer is happy", "nobody has to look"],
        "cons": ["cannot be undone"],
        "confidence": 0.9,
    },
    {"id": "escalate", "description": "Ask a person", "action_type": "delegate", "cons": ["takes a day"]},
    {"id": "refuse", "description": "Say no", "cons": ["the customer is angry"], "confidence": 0.1},
]


class SupportAgent:
    """Decides by rules where a real one would ask a model; everything around the rules is real."""

    def __init__(self, runtime: Runtime, database: sqlite3.Connection, payments_url: str) -> None:
        self.runtime = runtime
        self.database = database
        self.payments_url = payments_url

    def work(self, ticket: dict[str, Any]) -> str:
        """Work on one ticket; return the run's id."""
        runtime = self.runtime
        run_id = runtime.start_run("answer-ticket", f"Answer {ticket['id']}", ticket)
        topic = self.triage(ticket)
        order = self.look_up(ticket)
        if order is None:
            runtime.report_problem("warning", "Unknown order", suggested_fix="Ask the customer for the order number")
            runtime.end_run(False, output_data={"answer": "We cannot find your order."})
            return run_id
        done = self.remedy(order) if topic == "refund" else self.inform(order)
        runtime.end_run(done, output_data={"topic": topic, "done": done})
        return run_id

    def triage(self, ticket: dict[str, Any]) -> str:
        """Choose what a ticket is about."""
        self.runtime.set_node("triage")
        text = ticket["text"].lower()
        topic = "refund" if "refund" in text else "delivery" if "parcel" in text else "unclear"
        decision = self.runtime.decide(
            "What is the ticket about?",
            TOPICS,
            chosen=topic,
            reasoning=f"The text says {ticket['text'][:40]!r}",
            decision_type=DecisionType.PATH_CHOICE,
            context={"text": ticket["text"], "length": len(text)},
        )
        self.runtime.record_outcome(decision, topic != "unclear", result=topic, summary=f"It is about {topic}")
        return topic

    def look_up(self, ticket: dict[str, Any]) -> dict[str, Any] | None:
        """Find order and customer; the queries are children of the decision."""
        sql = "SELECT o.id, o.total, o.status, c.tier FROM orders o JOIN customers c ON c.mail = o.mail WHERE o.id = ?"
        decision = self.runtime.quick_decision("Find the order", "Ask the order table", "Only one place", "lookup")
        row = self.database.cursor().execute(sql, (ticket["order"],)).fetchone()
        if row is None:
            self.runtime.record_outcome(decision, False, error=f"no order {ticket['order']}")
            return None
        order = dict(zip(("id", "total", "status", "tier"), row, strict=True))
        self.runtime.record_outcome(decision, True, result=order, summary=f"Order {order['id']} found")
        return order

    def remedy(self, order: dict[str, Any]) -> bool:
        """Refund an order, or have a person do it."""
        small = order["total"] <= REFUND_LIMIT
        with self.runtime.decision(
            "Choose a remedy",
            REMEDIES,
            chosen="pay" if small else "escalate",
            reasoning=f"{order['total']} is {'within' if small else 'above'} the limit of {REFUND_LIMIT}",
            node_id="remedy",
            constraints=[f"refunds up to {REFUND_LIMIT}"],
            context=order,
        ) as choice:
            if not small:
                choice.outcome(result="escalated", summary="A person will look at it")
                return True
            try:
                _, refund = self.runtime.decide_and_execute(
                    "Call the payments service",
                    [REMEDIES[0]],
                    "pay",
                    "The paved road",
                    lambda: self.pay(order),
                    node_id="payments",
                    decision_type=DecisionType.TOOL_SELECTION,
                )
            except requests.HTTPError as error:
                choice.outcome(False, error=str(error), summary="Not refunded")
                choice.problem("critical", "Refund not issued", "payments service down", "Retry in an hour")
                return False
            choice.outcome(result=refund, summary=f"Refunded {order['total']}", tokens_used=0)
        return True

    def pay(self, order: dict[str, Any]) -> dict[str, Any]:
        """Call the payments service."""
        answer = requests.post(f"{self.payments_url}/refunds", json={"order": order["id"]}, timeout=5)
        answer.raise_for_status()
        refund: dict[str, Any] = answer.json()
        return refund

    def inform(self, order: dict[str, Any]) -> bool:
        """Tell the customer where the order is."""
        decision = self.runtime.quick_decision(
            "Answer", f"Say it is {order['status']}", "That is all we know", "answer"
        )
        self.runtime.record_outcome(decision, True, summary=f"Told: {order['status']}")
        return True


def instrument(tracer_provider: TracerProvider | None = None) -> str | None:
    """Have sqlite3 and requests traced; return what to install where that is not possible."""
    try:
        from opentelemetry.instrumentation.requests import RequestsInstrumentor
        from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor
    except ImportError:
        return "spans of sqlite3 and requests need: pip install 'runspan[demo]'"
    for instrumentor in (SQLite3Instrumentor(), RequestsInstrumentor()):
        if not instrumentor.is_instrumented_by_opentelemetry:
            instrumentor.instrument(tracer_provider=tracer_provider)
    return None


def work_through_tickets(runtime: Runtime) -> list[str]:
    """Answer every ticket; return the runs' ids in order."""
    tickets = [json.loads(line) for line in TICKETS.read_text(encoding="utf-8").splitlines()]
    with shop.payments_service() as payments_url:
        agent = SupportAgent(runtime, shop.open_database(), payments_url)
        return [agent.work(ticket) for ticket in tickets]


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    missing = instrument()
    if missing:
        print(missing, file=sys.stderr)
    agents_runtime = Runtime(sys.argv[1] if len(sys.argv) > 1 else ".runspan", agent_name="support-agent")
    for finished in work_through_tickets(agents_runtime):
        print(finished)
