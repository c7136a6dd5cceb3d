"""The tree of summarised nodes: its nouns, the index on disk and the backends. Imports nothing of ours."""

__version__ = "0.1.0"  # the one place: the wheel, `bugatlas --version` and the service read it here
