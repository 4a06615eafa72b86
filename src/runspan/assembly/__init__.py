"""Runs put together from spans, wherever the spans come from, and written to a storage. Knows no SDK, file or wire."""

from runspan.assembly._assembler import MAX_BYTES, MAX_RUNS, Assembler
from runspan.assembly._recogniser import OWN_SPANS, Recogniser
from runspan.assembly._write import Written, is_incomplete, write_decoded

__all__ = ["MAX_BYTES", "MAX_RUNS", "OWN_SPANS", "Assembler", "Recogniser", "Written", "is_incomplete", "write_decoded"]
