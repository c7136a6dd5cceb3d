"""Runs the locator over cases with known fixes and scores it."""
