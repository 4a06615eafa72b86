"""Secrets leave by no way, and what is no secret stays: files, the journals of a dead process, spans, logs."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.receiver import Receiver
from tests.secret_corpus import LOOK_ALIKES, SECRETS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reliability.tally import Tally


def everything(storage: Path, *words: str) -> dict[str, str]:
    """All that has left an agent, by where it went."""
    with Receiver() as receiver:
        program = [sys.executable, "-m", "tests.reliability.secretive", str(storage), receiver.endpoint, *words]
        done = subprocess.run(program, stderr=subprocess.PIPE, check=True, timeout=120)
        sent = "\n".join(json.dumps(receiver.document(request)) for request in receiver.requests)
    files = [path for path in storage.rglob("*") if path.is_file()]
    journals = [path for path in files if "journal" in path.parts]
    return {
        "journals": "\n".join(path.read_text() for path in journals),
        "files": "\n".join(path.read_text() + path.name for path in files if path not in journals),
        "spans": sent,
        "logs": done.stderr.decode(),
    }


def seen_in(place: str, secret: str) -> bool:
    """Whether a text holds a secret: as it is, in JSON, or in JSON that is a text in JSON."""
    inside = json.dumps(secret, ensure_ascii=False)[1:-1]
    return any(form in place for form in (secret, inside, json.dumps(inside, ensure_ascii=False)[1:-1]))


def leaks(left: dict[str, str]) -> list[tuple[str, str]]:
    """Return which secret can be found where."""
    return [
        (secret.name, where) for where, place in left.items() for secret in SECRETS if seen_in(place, secret.secret)
    ]


@pytest.mark.guarantee(13)
def test_secrets_leave_by_no_way(tmp_path: Path, tally: Tally) -> None:
    """Each one of the corpus in every field; half of the runs are left open in a process that dies."""
    left = everything(tmp_path)
    missing = [
        name
        for name, value in LOOK_ALIKES.items()
        if json.dumps(value, ensure_ascii=False, separators=(",", ":")) not in left["journals"] + compact(tmp_path)
    ]
    tally.note("secrets", len(SECRETS))
    tally.note("secrets that left", len(leaks(left)))
    tally.note("look-alikes", len(LOOK_ALIKES))
    tally.note("look-alikes that were taken for secrets", len(missing))

    assert [] == leaks(left)
    assert [] == missing
    assert "given" in left["journals"]
    assert "given" in left["files"]
    assert "given" in left["spans"]


def compact(storage: Path) -> str:
    """All run files without the spaces between."""
    runs = [json.loads(path.read_bytes()) for path in (storage / "runs").glob("*.json")]
    return json.dumps(runs, ensure_ascii=False, separators=(",", ":"))


@pytest.mark.guarantee(13)
def test_without_redaction_they_are_found(tmp_path: Path, tally: Tally) -> None:
    """The same check sees all of them where nothing is redacted."""
    left = everything(tmp_path, "raw")
    found = leaks(left)
    tally.note("secrets found without redaction", len({name for name, _ in found}))

    assert {secret.name for secret in SECRETS} == {name for name, _ in found}
    assert {"journals", "files", "spans"} <= {where for _, where in found}
