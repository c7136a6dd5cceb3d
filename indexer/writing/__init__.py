"""A language model writes summaries of files, directories and repositories."""
