"""Pictures of the pages for the documents: `python -m tests.screenshots` writes them to docs/images.

They show a run and a store made up here, the same each time. Knows nothing of how pages are made.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from runspan import Runtime
from runspan.insights import find_insights
from runspan.pages import insights_page, run_page
from runspan.testing import SequentialIds, StepClock
from tests.browser import Browser
from tests.many_runs import made_runs

__all__ = ["FOLDER", "NAMES", "sample_pages", "take"]

FOLDER: Final = Path(__file__).parents[1] / "docs" / "images"
NAMES: Final = ("run-page", "run-page-dark", "insights-page", "insights-page-dark")

_MS: Final = 1_000_000
_JAEGER: Final = "http://localhost:16686"
_HEIGHTS: Final = {"run-page": 1_750, "insights-page": 1_500}

_REMEDIES: Final[list[dict[str, Any]]] = [
    {
        "id": "refund",
        "description": "Give the money back at once",
        "pros": ["settles it for good", "within the limit"],
        "cons": ["costs 129.90"],
        "confidence": 0.82,
        "action_params": {"amount": 129.9},
    },
    {"id": "replace", "description": "Send another one", "pros": ["keeps the sale"], "cons": ["five days"]},
    {"id": "escalate", "description": "Ask a person", "cons": ["the customer waits"], "confidence": 0.35},
]
_WAYS: Final[list[dict[str, Any]]] = [
    {"id": "ledger", "description": "Look in the ledger", "pros": ["complete"], "confidence": 0.9},
    {"id": "cache", "description": "Look in the cache", "cons": ["may be old"], "confidence": 0.6},
]


def sample_pages(folder: Path) -> dict[str, str]:
    """Return the pages by name.

    Args:
        folder: An empty folder.
    """
    run = _sample_run(folder)
    trace = f"{_JAEGER}/trace/{run['trace_id']}"
    found = find_insights(made_runs(4_000))
    return {"run-page": run_page(run, jaeger_url=trace), "insights-page": insights_page(found)}


def take(folder: Path) -> None:
    """Write the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        pages = sample_pages(Path(made))
        with Browser(Path(made) / "chromium") as browser:
            for name, text in pages.items():
                path = Path(made) / f"{name}.html"
                path.write_text(text, encoding="utf-8")
                for suffix, scheme in (("", "light"), ("-dark", "dark")):
                    page = browser.open(path, width=1_000, height=_HEIGHTS[name], scheme=scheme)
                    page.settle()
                    (folder / f"{name}{suffix}.png").write_bytes(page.screenshot())


def _sample_run(folder: Path) -> dict[str, Any]:
    clock = StepClock(step_ns=2 * _MS)
    runtime = Runtime(folder / "storage", clock=clock, run_digits=SequentialIds().run_digits)
    runtime.start_run("refund", "Order 8812 arrived broken; make it good", {"order": 8812, "customer": "C-204"})
    runtime.set_node("remedy")
    with runtime.decision(
        "Choose a remedy",
        _REMEDIES,
        "refund",
        "The amount is below the limit of 150, and the customer has asked for the money twice.",
        decision_type="path_choice",
        constraints=["refunds up to 150 need nobody's consent"],
        context={"history": ["asked on Monday", "asked on Thursday"]},
    ) as remedy:
        clock.advance(240 * _MS)
        for way, seconds, error in (
            ("ledger", 1.9, "HTTP 503 from the ledger: night job is running"),
            ("cache", 0.3, ""),
        ):
            looked = runtime.decide(
                "Find the payment",
                _WAYS,
                way,
                "The first place to ask." if error else "The ledger is down.",
                node_id="payments",
                decision_type="tool_selection",
            )
            clock.advance(int(seconds * 1_000 * _MS))
            runtime.record_outcome(
                looked,
                success=not error,
                error=error or None,
                result=None if error else {"payment": "P-7731", "amount": 129.9},
                tokens_used=412,
                latency_ms=int(seconds * 1_000),
            )
            if error:
                runtime.report_problem(
                    "warning",
                    "The ledger does not answer at night",
                    looked,
                    suggested_fix="Ask the cache first before six",
                )
        clock.advance(400 * _MS)
        remedy.outcome(result={"paid": 129.9}, summary="Refunded 129.90", tokens_used=1_310, latency_ms=2_840)
    told = runtime.quick_decision("Tell the customer", "Send a mail", "They wrote a mail.")
    clock.advance(600 * _MS)
    runtime.record_outcome(told, success=True, summary="Mail accepted", latency_ms=600)
    runtime.end_run(success=True, narrative="Refunded 129.90 and told the customer.", output_data={"paid": 129.9})
    if runtime.storage is None:
        msg = "it has a storage"
        raise RuntimeError(msg)
    (run_id,) = runtime.storage.list_all_runs()
    run = runtime.storage.load_run(run_id)
    if run is None:
        msg = "it was just written"
        raise RuntimeError(msg)
    return run.model_dump(mode="json") | {"trace_id": f"{0x5EED:032x}"}


if __name__ == "__main__":
    take(FOLDER)
    print(f"written to {FOLDER}", file=sys.stderr)
