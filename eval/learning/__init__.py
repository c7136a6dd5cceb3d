"""Learning weights from past fixes."""
