"""The tree of summarised nodes: its nouns, the index on disk and the backends. Imports nothing of ours."""
