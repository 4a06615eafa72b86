"""The span exporter that writes native run files. Knows the SDK and the storage, and neither Runtime nor wire."""

from runspan.exporter._delivery import DeliveringProcessor
from runspan.exporter._exporter import RunFileExporter
from runspan.exporter._spans import span_record

__all__ = ["DeliveringProcessor", "RunFileExporter", "span_record"]
