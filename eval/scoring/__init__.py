"""Measures, intervals, comparisons and breakdowns."""
