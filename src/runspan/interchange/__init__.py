"""Spans in from elsewhere, and out again: files of traces, a Jaeger, stored runs, journals of dead processes."""

from runspan.interchange._account import Account, Skipped
from runspan.interchange._files import read_spans
from runspan.interchange._gather import runs_from_spans
from runspan.interchange._import import ImportReport, import_runs, runs_from_files, runs_from_jaeger
from runspan.interchange._jaeger import Jaeger
from runspan.interchange._otlp_exporter import otlp_exporter, traces_address
from runspan.interchange._otlp_json import read_otlp_json
from runspan.interchange._otlp_protobuf import read_otlp_protobuf
from runspan.interchange._recover import Recovered, recover_into
from runspan.interchange._replay import DEFAULT_SERVICE_NAME, ReplayReport, replay_runs, replayed_spans, stored_runs
from runspan.interchange._resend import journaled_spans
from runspan.interchange._suppressed import suppressed

__all__ = [
    "DEFAULT_SERVICE_NAME",
    "Account",
    "ImportReport",
    "Jaeger",
    "Recovered",
    "ReplayReport",
    "Skipped",
    "import_runs",
    "journaled_spans",
    "otlp_exporter",
    "read_otlp_json",
    "read_otlp_protobuf",
    "read_spans",
    "recover_into",
    "replay_runs",
    "replayed_spans",
    "runs_from_files",
    "runs_from_jaeger",
    "runs_from_spans",
    "stored_runs",
    "suppressed",
    "traces_address",
]
