"""Typed programs that use runspan; checked, never run."""
