"""Names: legal, documented, and in the docs as in the code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from runspan import semconv
from tests.attribute_table import attribute_table, names

if TYPE_CHECKING:
    from tests.conftest import Golden


def test_names_follow_the_naming_rules() -> None:
    """Lower case, dots between namespaces."""
    for name in names().values():
        assert re.fullmatch(r"[a-z][a-z0-9]*([._][a-z0-9]+)*", name), name


def test_no_name_is_also_a_namespace() -> None:
    """`a.b` and `a.b.c` cannot both be attributes."""
    attributes = {name for constant, name in names().items() if not constant.startswith(("EVENT_", "SPAN_"))}
    for name in attributes:
        assert not any(other.startswith(f"{name}.") for other in attributes), name


def test_all_lists_every_constant() -> None:
    """Sorted, and complete."""
    public = [name for name in vars(semconv) if name.isupper()]

    assert sorted(public) == semconv.__all__


@pytest.mark.golden
def test_table_in_the_docs_is_the_codes(golden: Golden) -> None:
    """`make golden` writes it."""
    golden("docs/attributes.md", attribute_table())
