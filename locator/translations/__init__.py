"""Catalogues of texts: what a program shows its users, in which language, and the code that shows it."""
