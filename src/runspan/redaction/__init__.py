"""Secrets found in texts and JSON values, and replaced. Knows no run, span or file.

docs/redaction.md says what is caught and what is not; its tables are made of the tables here.
"""

from runspan.redaction._findings import REDACTED, Finding
from runspan.redaction._redactor import Redactor

__all__ = ["REDACTED", "Finding", "Redactor"]
