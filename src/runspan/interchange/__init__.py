"""Spans in from elsewhere, and out again: documents that hold traces, journals of dead processes."""

from runspan.interchange._otlp_json import read_otlp_json
from runspan.interchange._recover import Recovered, recover_into
from runspan.interchange._resend import journaled_spans
from runspan.interchange._suppressed import suppressed

__all__ = ["Recovered", "journaled_spans", "read_otlp_json", "recover_into", "suppressed"]
