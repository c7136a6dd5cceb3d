"""What a user would take instead, on the same files and reports: libraries of full-text search, command lines, chunks."""
