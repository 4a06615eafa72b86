"""What a forked child inherits of its parent's other threads: neither files nor locks, RE2's included."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from runspan.files import Folder, try_lock
from runspan.forking import in_one_process, mine
from runspan.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def forked() -> Iterator[Callable[[Callable[[], object]], int]]:
    """Forks a child that runs a function and waits until the test is over; gives its answer: whether that was true."""
    _, alive = pipe = os.pipe()
    children: list[int] = []

    def fork(asked: Callable[[], object]) -> int:
        answers, answering = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.close(alive)
                os.write(answering, b"1" if asked() else b"0")
                os.read(pipe[0], 1)
            finally:
                os._exit(0)
        children.append(child)
        os.close(answering)
        answer = os.read(answers, 1)
        os.close(answers)
        return int(answer)

    yield fork
    os.close(alive)
    os.close(pipe[0])
    for child in children:
        os.waitpid(child, 0)


def test_lock_is_not_held_by_a_forked_child(tmp_path: Path, forked: Callable[[Callable[[], object]], int]) -> None:
    """Even one that another thread holds for longer than a fork waits."""
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with try_lock(tmp_path / "lock") as is_mine:
            assert is_mine
            held.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(30)
    is_answered = forked(lambda: True)
    done.set()
    thread.join()
    with try_lock(tmp_path / "lock") as is_free:
        assert (True, True) == (bool(is_answered), is_free)


@pytest.mark.parametrize(
    "search",
    [Redactor.suspects, Redactor.text, lambda rules, text: rules.value({"x": text})],
    ids=["suspects", "text", "value"],
)
def test_fork_waits_for_a_search(search: Callable[[Redactor, str], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """RE2 lets other threads run while it holds locks of its own."""
    seen: list[bool] = []

    def hint(data: bytes) -> None:  # noqa: ARG001 - as the pre-filter's
        """Note whether a fork of another thread would wait now."""
        block, free = mine.block, list[bool]()
        other = threading.Thread(target=lambda: free.append(block.acquire(blocking=False)))
        other.start()
        other.join()
        seen.append(free == [False])

    monkeypatch.setattr("runspan.redaction._redactor.built_in_glance", lambda: hint)
    search(Redactor(), "long enough")

    assert {True} == set(seen)


def test_fork_waits_for_files_that_are_open(tmp_path: Path, forked: Callable[[Callable[[], object]], int]) -> None:
    """The child has none of them, and opens its own."""
    folder = Folder(tmp_path)
    inside, forking = threading.Event(), threading.Event()
    opened: list[int] = []

    def use() -> None:
        with in_one_process:
            opened.append(os.open(tmp_path, os.O_RDONLY))
            inside.set()
            forking.wait(0.2)  # the fork has begun, or is about to
            os.close(opened[0])

    def has_none() -> bool:
        try:
            os.fstat(opened[0])
        except OSError:
            folder.write("mine", b"", durable=False)
            return folder.has("mine")
        return False

    thread = threading.Thread(target=use)
    thread.start()
    inside.wait(30)
    is_clean = forked(has_none)
    forking.set()
    thread.join()

    assert is_clean
    assert folder.has("mine")
