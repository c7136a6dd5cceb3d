"""Answers as text for a terminal, Markdown and JSON."""
