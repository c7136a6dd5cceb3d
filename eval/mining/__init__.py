"""Bug sets from a repository's history and a tracker's export."""
