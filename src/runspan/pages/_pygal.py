"""pygal, without the import hook it installs for plugins. Knows no chart.

The hook is one that Python 3.12 no longer asks; before, each later import of the process would warn of it. What else
loads with pygal keeps its hook: `importlib_metadata` has taken the place of the standard library's, which would find no
distribution any more.
"""

from __future__ import annotations

import sys

import pygal
from pygal.etree import etree
from pygal.style import Style

sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]

__all__ = ["Style", "etree", "pygal"]
