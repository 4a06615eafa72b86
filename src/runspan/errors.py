"""The exceptions runspan raises, in one tree. Knows nothing of what causes them.

Recording calls (`start_run`, `decide`, …) never raise any of these: they come from constructors, configuration,
storage that is read and interchange with backends.

```text
RunspanError
├── ConfigError (ValueError)            an argument or RUNSPAN_* value we cannot use
├── MissingExtraError (ImportError)     a feature whose extra is not installed
├── StorageError                        carries .path
│   ├── RunNotFoundError (LookupError)  carries .run_id
│   └── CorruptFileError
└── InterchangeError
    ├── UnsupportedFormatError
    └── BackendError                    Jaeger does not answer, or not as documented; carries .url
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "BackendError",
    "ConfigError",
    "CorruptFileError",
    "InterchangeError",
    "MissingExtraError",
    "RunNotFoundError",
    "RunspanError",
    "StorageError",
    "UnsupportedFormatError",
]


class RunspanError(Exception):
    """Anything runspan refuses; catch this one to catch them all."""


class ConfigError(RunspanError, ValueError):
    """An argument or an environment variable has a value that cannot be used; the message names the legal ones."""


class MissingExtraError(RunspanError, ImportError):
    """A feature needs a package that is not installed; the message holds the install command."""

    def __init__(self, feature: str, package: str, extra: str) -> None:
        """Build the one text for a missing extra.

        Args:
            feature: What was asked for, as the beginning of a sentence ("reading .zst files").
            package: The distribution that is missing.
            extra: The extra of runspan that brings it.
        """
        super().__init__(
            f"{feature} needs {package}, which is not installed. Install it with: pip install 'runspan[{extra}]'"
        )


class StorageError(RunspanError):
    """A file or folder of a storage cannot be used."""

    path: Path
    """The file or folder it is about."""

    def __init__(self, message: str, path: Path) -> None:
        """Keep the path beside the message."""
        super().__init__(message)
        self.path = path


class RunNotFoundError(StorageError, LookupError):
    """No run of that id is stored."""

    run_id: str
    """The id that was asked for."""

    def __init__(self, run_id: str, path: Path) -> None:
        """Name the run and the storage that was searched.

        Args:
            run_id: The id that was asked for.
            path: The storage's folder.
        """
        super().__init__(f"no run {run_id} in {path}. See what is there with: runspan list --storage {path}", path)
        self.run_id = run_id


class CorruptFileError(StorageError):
    """A stored file is there and cannot be read as what it should be."""


class InterchangeError(RunspanError):
    """Spans, or a document that should hold spans, cannot be read or delivered."""


class UnsupportedFormatError(InterchangeError):
    """A span carries a newer `runspan.format` than this version of runspan reads."""


class BackendError(InterchangeError):
    """A tracing backend does not answer, or not as documented."""

    url: str
    """The address that was asked."""

    def __init__(self, message: str, url: str) -> None:
        """Keep the address beside the message."""
        super().__init__(message)
        self.url = url
