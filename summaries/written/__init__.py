"""Summaries that a language model or a person wrote, and the checks that they pass."""
