"""Summaries made by rules from parsed facts, READMEs and manifests: no model needed."""
