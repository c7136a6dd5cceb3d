"""Git repositories read as data: objects, clones, history."""
