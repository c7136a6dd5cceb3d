"""Which repositories to index: paths, URLs, lists, forges."""
