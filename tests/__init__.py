"""Tests of runspan. A package, so that tests share helpers by name: `from tests.waiting import eventually`."""
