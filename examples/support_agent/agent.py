"""A support agent that works through a file of tickets. runspan records each ticket as one run.

    python agent.py [STORAGE]        run files go to STORAGE, else RUNSPAN_STORAGE, else .runspan

Rules stand where a real agent would ask a model, so that it does the same each time and needs no network.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shop import Shop, ShopError, open_shop

import runspan

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

TICKETS = Path(__file__).with_name("tickets.jsonl")
LIMIT = 200
WORDS = {"refund": ("refund", "money back"), "track": ("where", "parcel")}


def work(runtime: runspan.Runtime) -> list[str]:
    """Answer all tickets; return the ids of the runs."""
    tickets = [json.loads(line) for line in TICKETS.read_text(encoding="utf-8").splitlines()]
    with open_shop() as shop:
        return [handle(runtime, shop, ticket) for ticket in tickets]


def handle(runtime: runspan.Runtime, shop: Shop, ticket: dict[str, Any]) -> str:
    """Answer one ticket, in a run of its own; return the run's id."""
    with runtime.run("answer-ticket", f"Answer {ticket['id']}: {ticket['subject']}", input_data=ticket) as run:
        runtime.set_node("triage")
        customer = find_customer(runtime, shop, ticket)
        wish = understand(runtime, ticket)

        runtime.set_node("resolve")
        solved = True
        if wish == "track":
            order = look_up(runtime, shop, ticket)
            text = f"your {order['item']} is {order['state']}."
        elif wish == "refund":
            solved, text = refund(runtime, shop, look_up(runtime, shop, ticket))
        else:
            text = "We would like to help. Which order is it about, and what is wrong with it?"

        runtime.set_node("answer")
        send(runtime, shop, ticket, f"Dear {customer}, {text}")
        runtime.end_run(success=solved, narrative=text, output_data={"answer": text, "solved": solved})
    return run.id


def find_customer(runtime: runspan.Runtime, shop: Shop, ticket: dict[str, Any]) -> str:
    """Look up who writes. `decide_and_execute`: the decision's outcome is what the function returns or raises."""
    decision_id, customer = runtime.decide_and_execute(
        "find out who writes",
        [
            {"id": "by-email", "description": "Look the address up", "pros": ["exact"], "confidence": 0.9},
            {"id": "by-order", "description": "Ask for the order's buyer", "cons": ["may be a gift"]},
            {"id": "ask", "description": "Ask for the name", "cons": ["one more mail"], "confidence": 0.2},
        ],
        chosen="by-email",
        reasoning="Every ticket has an address, and addresses are unique in the database.",
        executor=lambda: shop.customer(ticket["from"]),
        decision_type="tool_selection",
        context={"from": ticket["from"], "order": ticket["order"]},
    )
    if customer is None:
        runtime.report_problem("warning", f"{ticket['from']} is no customer of ours", decision_id)
        return "customer"
    return str(customer["name"])


def understand(runtime: runspan.Runtime, ticket: dict[str, Any]) -> str:
    """Choose what to do. `decide` and `record_outcome`: the plain pair of calls."""
    text = f"{ticket['subject']} {ticket['text']}".lower()
    found = {wish: [word for word in words if word in text] for wish, words in WORDS.items()}
    wish = max(found, key=lambda wish: len(found[wish])) if any(found.values()) else "ask"
    decision_id = runtime.decide(
        "understand what the customer wants",
        [
            {
                "id": "refund",
                "description": "Give the money back",
                "pros": ["settles it for good"],
                "cons": ["costs money"],
                "confidence": len(found["refund"]) / 2,
            },
            {
                "id": "track",
                "description": "Tell where the parcel is",
                "pros": ["no cost"],
                "cons": ["no help if it is broken"],
                "confidence": len(found["track"]) / 2,
            },
            {
                "id": "ask",
                "description": "Ask back",
                "pros": ["no guess"],
                "cons": ["the customer waits longer"],
                "confidence": 0.1,
            },
        ],
        chosen=wish,
        reasoning=f"The text says {found[wish]}." if wish in found else "No word of the text tells a wish.",
        decision_type="path_choice",
        context={"subject": ticket["subject"], "words": found},
    )
    runtime.record_outcome(decision_id, success=True, result=wish, summary=f"the customer wants: {wish}")
    return wish


def look_up(runtime: runspan.Runtime, shop: Shop, ticket: dict[str, Any]) -> dict[str, Any]:
    """Look the order up."""
    _, order = runtime.decide_and_execute(
        "look the order up",
        [
            {"id": "orders", "description": "Ask the orders service", "pros": ["up to date"], "confidence": 0.95},
            {"id": "carrier", "description": "Ask the carrier", "cons": ["slow"], "confidence": 0.6},
            {"id": "customer", "description": "Ask the customer", "cons": ["one more mail"], "confidence": 0.1},
        ],
        chosen="orders",
        reasoning="The orders service hears from every carrier within minutes.",
        executor=lambda: shop.order(ticket["order"]),
        decision_type="tool_selection",
    )
    return order


def refund(runtime: runspan.Runtime, shop: Shop, order: dict[str, Any]) -> tuple[bool, str]:
    """Settle a refund. `with runtime.decision`: decisions made inside the block are its children."""
    may_pay = order["amount"] <= LIMIT
    with runtime.decision(
        "settle the refund",
        [
            {
                "id": "pay",
                "description": "Pay it back now",
                "action_params": {"amount": order["amount"]},
                "pros": ["the customer is content at once"],
                "cons": ["nobody checks it"],
                "confidence": 0.9 if may_pay else 0.1,
            },
            {
                "id": "hand-over",
                "description": "Leave it to a colleague",
                "pros": ["somebody checks it"],
                "cons": ["takes a day"],
                "confidence": 0.1 if may_pay else 0.9,
            },
            {"id": "refuse", "description": "Refuse", "cons": ["the item is faulty"], "confidence": 0.0},
        ],
        chosen="pay" if may_pay else "hand-over",
        reasoning=f"{order['amount']:.2f} is {'within' if may_pay else 'above'} what an agent may pay.",
        constraints=[f"refunds above {LIMIT} need a colleague"],
        context=order,
    ) as settling:
        if not may_pay:
            settling.outcome(summary="handed over to a colleague")
            return True, "a colleague will look at your refund today."
        try:
            receipt = pay(runtime, shop, order)
        except ShopError as error:
            settling.problem(
                "critical",
                f"order {order['id']} could not be refunded",
                root_cause=str(error),
                suggested_fix="refund it by hand when payments are up again",
            )
            give_up(runtime)
            settling.outcome(success=False, error=str(error), summary="the refund is still open")
            return False, "your refund is on its way; a colleague will confirm it today."
        settling.outcome(result=receipt, summary=f"refunded, receipt {receipt['receipt']}")
        return True, f"we have paid {receipt['amount']:.2f} back to you."


def pay(runtime: runspan.Runtime, shop: Shop, order: dict[str, Any]) -> dict[str, Any]:
    """Pay back; what the service refuses becomes the decision's outcome, and goes on as the exception it is."""
    _, receipt = runtime.decide_and_execute(
        "choose how to pay",
        [
            {"id": "card", "description": "Back to the card", "pros": ["as it was paid"], "confidence": 0.9},
            {"id": "voucher", "description": "A voucher", "cons": ["was not asked for"], "confidence": 0.3},
        ],
        chosen="card",
        reasoning="The customer has paid by card.",
        executor=lambda: shop.refund(order["id"]),
        node_id="payments",
        decision_type="parameter_choice",
    )
    return receipt


def give_up(runtime: runspan.Runtime) -> None:
    """Decide what to do about a payment that failed."""
    decision_id = runtime.decide(
        "go on after the failed payment",
        [
            {"id": "retry", "description": "Try again", "cons": ["may pay twice"], "confidence": 0.2},
            {"id": "voucher", "description": "Send a voucher", "cons": ["was not asked for"], "confidence": 0.3},
            {"id": "hand-over", "description": "Leave it to a colleague", "pros": ["safe"], "confidence": 0.8},
        ],
        chosen="hand-over",
        reasoning="The service did not say whether it has paid, so a second try may pay twice.",
        node_id="payments",
        decision_type="retry_strategy",
    )
    runtime.record_outcome(decision_id, success=True, summary="a colleague looks after it")


def send(runtime: runspan.Runtime, shop: Shop, ticket: dict[str, Any], text: str) -> None:
    """Send the answer. `quick_decision`: there is but one option."""
    decision_id = runtime.quick_decision("answer the customer", "Send a mail", "Every ticket gets an answer.")
    shop.answer(ticket["id"], text)
    runtime.record_outcome(decision_id, success=True, result=text, summary="answered")


def instrument(provider: TracerProvider) -> None:
    """Let the SQL statements and HTTP calls become spans, beneath the decisions that cause them."""
    try:
        from opentelemetry.instrumentation.requests import RequestsInstrumentor  # noqa: PLC0415 - optional
        from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor  # noqa: PLC0415 - optional
    except ImportError:
        print("No spans of SQL and HTTP; they need: pip install 'runspan[demo]'", file=sys.stderr)
        return
    for instrumentor in (RequestsInstrumentor(), SQLite3Instrumentor()):
        if not instrumentor.is_instrumented_by_opentelemetry:  # as it is under `opentelemetry-instrument`
            instrumentor.instrument(tracer_provider=provider)


def main() -> None:
    """Set tracing up, work, and say what was recorded."""
    instrument(runspan.configure("support-agent"))
    storage = sys.argv[1] if len(sys.argv) > 1 else None
    runtime = runspan.Runtime(storage or ".runspan", agent_name="support-agent", span_names="choice")
    for run_id in work(runtime):
        print(run_id)


if __name__ == "__main__":
    main()
