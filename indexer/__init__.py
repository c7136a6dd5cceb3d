"""Fills the index: snapshot -> files -> parsed facts -> summaries -> index."""
