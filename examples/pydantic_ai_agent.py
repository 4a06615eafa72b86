"""pydantic-ai: each tool records what it decides, and the framework's own spans stand around it.

    python pydantic_ai_agent.py [STORAGE]        run files go to STORAGE, else RUNSPAN_STORAGE, else .runspan

Needs
    pip install pydantic-ai-slim
The model is pydantic-ai's own `TestModel`, which calls every tool once and costs nothing.
"""

from __future__ import annotations

import sys

from pydantic_ai import Agent
from pydantic_ai.models.test import TestModel

import runspan

CARRIERS = [
    {"id": "bike", "description": "Bike courier, today, up to 5 kg"},
    {"id": "van", "description": "Van, tomorrow, takes anything"},
]
runspan.configure("pydantic-ai-agent")
Agent.instrument_all()
runtime = runspan.Runtime(sys.argv[1] if len(sys.argv) > 1 else None, agent_name="shipper")
model = TestModel(custom_output_text="It is on its way.")
agent = Agent(model, name="shipper", instructions="Ship what the customer asks for.")


@agent.tool_plain
def choose_carrier(weight_kg: int) -> str:
    """Choose who carries a parcel."""
    chosen = "bike" if weight_kg <= 5 else "van"  # noqa: PLR2004 - the courier's limit
    with runtime.decision("choose a carrier", CARRIERS, chosen, f"It weighs {weight_kg} kg", node_id="carrier") as made:
        made.outcome(result={"carrier": chosen}, summary="booked")
    return chosen


def main() -> None:
    """Ship one parcel."""
    with runtime.run("ship-parcel", input_data={"request": "Ship order 8812"}) as run:
        answer = agent.run_sync("Ship order 8812")
        run.end_run(success=True, output_data={"answer": answer.output})
    print(run.id)


if __name__ == "__main__":
    main()
