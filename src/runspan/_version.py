"""The version, where the build and the instrumentation scope both read it. Knows nothing else."""

__version__ = "0.1.0"
