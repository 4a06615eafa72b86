"""Files and locks as a storage needs them: whole or absent, private, never through a link, never waited for.

Knows no format and no layout.
"""

from runspan.files._files import Folder, make_folder
from runspan.files._lock import hold_lock, is_held, try_lock
from runspan.files._opened import TEMPORARY, OpenFolder, StrangeFileError
from runspan.files._place import file_system, is_local

__all__ = [
    "TEMPORARY",
    "Folder",
    "OpenFolder",
    "StrangeFileError",
    "file_system",
    "hold_lock",
    "is_held",
    "is_local",
    "make_folder",
    "try_lock",
]
