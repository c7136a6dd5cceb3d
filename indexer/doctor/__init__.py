"""Checks of an index, and what to run about each fault."""
