"""pygal, without the import hook it installs for plugins. Knows no chart.

The hook is one that Python 3.12 no longer asks; before, each later import of the process would warn of it.
"""

from __future__ import annotations

import sys

_FINDERS = tuple(sys.meta_path)

import pygal  # noqa: E402 - what was there before has to be known
from pygal.etree import etree  # noqa: E402
from pygal.style import Style  # noqa: E402

sys.meta_path[:] = [finder for finder in sys.meta_path if finder in _FINDERS]

__all__ = ["Style", "etree", "pygal"]
