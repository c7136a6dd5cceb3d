"""Whom to ask: owners of a place, and who changed it last."""
