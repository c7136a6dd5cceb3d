"""READMEs: where they lie, and what they say as plain text in any of the usual markups."""
