"""Walking the tree of summaries: show, status, edits."""
