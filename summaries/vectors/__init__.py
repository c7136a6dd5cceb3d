"""Vectors of summaries: embedders, the stores that hold them, and the knowledge base over both."""
