"""Voters: what each kind of evidence says of every file in scope, as one number per file."""
