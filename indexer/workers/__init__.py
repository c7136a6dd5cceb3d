"""Processes that parse, and what happens to files that break them."""
