"""The libraries that a user would pick else, each in an environment of its own, each doing what comes naturally to it.

Nothing is sent anywhere: spans go to an exporter that drops them. What is compared is the cost of the calls.
"""

from benchmarks.alternatives._beside import figure

__all__ = ["figure"]
