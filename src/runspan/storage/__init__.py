"""Run files on disk: whole or absent, private, indexed. Knows no spans; pydantic loads where a model is asked for."""

from runspan.storage._bulk import Bulk
from runspan.storage._names import file_name, id_of
from runspan.storage._store import FileStorage

__all__ = ["Bulk", "FileStorage", "file_name", "id_of"]
