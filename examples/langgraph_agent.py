"""LangGraph: every node is a node of the run, and every edge that is taken is a decision.

    python langgraph_agent.py [STORAGE]        run files go to STORAGE, else RUNSPAN_STORAGE, else .runspan

Needs
    pip install langgraph
LangGraph runs nodes in threads of its own and takes the context along, so the calls find their run.
"""

from __future__ import annotations

import sys
from typing import Literal, TypedDict

from langgraph.graph import END, START, StateGraph

import runspan

LIMIT_EUR = 150
WAYS = [
    {"id": "pay", "description": "Refund at once", "pros": ["the customer is happy"]},
    {"id": "ask", "description": "Ask a person", "pros": ["safe"], "cons": ["takes a day"]},
]
CARDS = [{"id": "card", "description": "To the card"}, {"id": "voucher", "description": "A voucher"}]

runspan.configure("langgraph-agent")
runtime = runspan.Runtime(sys.argv[1] if len(sys.argv) > 1 else None, agent_name="refunds")


class State(TypedDict):
    """What the nodes hand on."""

    amount_eur: float
    answer: str


def choose(state: State) -> Literal["pay", "ask"]:
    """Choose the edge that is taken."""
    chosen: Literal["pay", "ask"] = "pay" if state["amount_eur"] <= LIMIT_EUR else "ask"
    reasoning = f"{state['amount_eur']:g} EUR, and the limit is {LIMIT_EUR}"
    decision = runtime.decide("choose a way", WAYS, chosen, reasoning, node_id="choose", decision_type="path_choice")
    runtime.record_outcome(decision, success=True)
    return chosen


def pay(state: State) -> State:
    """Refund."""
    with runtime.decision("pay it back", CARDS, "card", "It was paid by card", node_id="pay") as paid:
        paid.outcome(result={"paid": state["amount_eur"]}, state_changes={"refunded": True})
    return {**state, "answer": "paid"}


def ask(state: State) -> State:
    """Leave it to a person."""
    runtime.quick_decision("leave it to a person", "open a case", "Above the limit", node_id="ask")
    return {**state, "answer": "a person will look at it"}


def main() -> None:
    """Handle one refund."""
    graph = StateGraph(State)
    graph.add_node("pay", pay)
    graph.add_node("ask", ask)
    graph.add_conditional_edges(START, choose)
    graph.add_edge("pay", END)
    graph.add_edge("ask", END)
    with runtime.run("refund", input_data={"amount_eur": 129.9}) as run:
        state = graph.compile().invoke({"amount_eur": 129.9, "answer": ""})
        run.end_run(success=True, output_data={"answer": state["answer"]})
    print(run.id)


if __name__ == "__main__":
    main()
