"""The OpenAI SDK with OpenTelemetry's own instrumentation: the model's call nests under the decision it was made for.

    python openai_agent.py [STORAGE]        run files go to STORAGE, else RUNSPAN_STORAGE, else .runspan

Needs
    pip install openai opentelemetry-instrumentation-openai-v2
Without OPENAI_API_KEY a stand-in on this machine answers.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack

import openai
from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor
from stand_in import model_api

import runspan

MODEL = "gpt-4.1-mini"
TICKET = "I was charged twice for order 8812."
TEAMS = [
    {"id": "billing", "description": "Charges and refunds"},
    {"id": "shipping", "description": "Parcels and addresses"},
]


def main(storage: str | None) -> None:
    """Route one ticket: the model proposes, the agent decides, and what it cost stands beside it."""
    runspan.configure("openai-agent")
    OpenAIInstrumentor().instrument()  # type: ignore[no-untyped-call]
    runtime = runspan.Runtime(storage, agent_name="router")
    with ExitStack() as stack, runtime.run("route-ticket", input_data={"ticket": TICKET}) as run:
        client = stack.enter_context(client_of(stack))
        with runtime.decision("ask the model", [{"id": MODEL}], MODEL, "It is cheap", node_id="ask") as asked:
            question = f"Which team is it for, and why? {json.dumps(TEAMS)} Answer as JSON: team, why.\n{TICKET}"
            reply = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": question}])
            answer = json.loads(reply.choices[0].message.content or "{}")
            asked.outcome(result=answer, tokens_used=reply.usage.total_tokens if reply.usage else 0)
        routed = runtime.decide("route the ticket", TEAMS, answer["team"], answer["why"], node_id="route")
        runtime.record_outcome(routed, success=True, summary=f"given to {answer['team']}")
    print(run.id)


def client_of(stack: ExitStack) -> openai.OpenAI:
    """Return the real client, or one that talks to the stand-in."""
    if os.environ.get("OPENAI_API_KEY"):
        return openai.OpenAI()
    answer = json.dumps({"team": "billing", "why": "It is about a charge."})
    return openai.OpenAI(api_key="none", base_url=stack.enter_context(model_api(answer)))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
