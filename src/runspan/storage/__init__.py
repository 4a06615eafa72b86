"""Run files on disk: whole or absent, private, indexed. Knows no spans; pydantic loads where a model is asked for."""

from runspan.storage._bulk import Bulk
from runspan.storage._glance import Kind, ids_at_a_glance
from runspan.storage._names import file_name, id_of
from runspan.storage._store import FileStorage

__all__ = ["Bulk", "FileStorage", "Kind", "file_name", "id_of", "ids_at_a_glance"]
