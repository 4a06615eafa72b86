"""Runs and insights as HTML files to hand on: one file each, no script, nothing loaded. Knows no storage or terminal.

Importing it loads Jinja2 and pygal: whoever needs a page imports it then.
"""

from runspan.errors import MissingExtraError

try:
    from runspan.pages._insights import insights_page
    from runspan.pages._run import run_page
except ImportError as exc:
    raise MissingExtraError("writing pages", exc.name or "jinja2", "pages") from exc

__all__ = ["insights_page", "run_page"]
