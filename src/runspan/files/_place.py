"""What kind of file system a path is on: locks are of no use on one that other machines share."""

from __future__ import annotations

from pathlib import Path
from typing import Final

__all__ = ["file_system", "is_local"]

_MOUNTS: Final = Path("/proc/self/mountinfo")
_SHARED: Final = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs"}
)
_SHARED_FUSE: Final = frozenset({"ceph-fuse", "glusterfs", "gcsfuse", "goofys", "nfs", "rclone", "s3fs", "sshfs"})
_ESCAPES: Final = (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\"))


def file_system(path: Path) -> str:
    """Return the type of the file system that holds a path: `ext4`, `nfs4`; empty where the system does not tell.

    See https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html.
    """
    try:
        text = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""
    place = path.resolve()
    best, kind = -1, ""
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        point = before.split(" ")[4]
        for escape, character in _ESCAPES:
            point = point.replace(escape, character)
        # Of two mounts on the same point the later one hides the earlier.
        if len(point) >= best and place.is_relative_to(point):
            best, kind = len(point), after.split(" ")[0]
    return kind


def is_local(path: Path) -> bool:
    """Whether a path is on this machine alone, as far as the system tells."""
    kind, _, fuse = file_system(path).partition(".")
    return fuse not in _SHARED_FUSE if kind == "fuse" else kind not in _SHARED
