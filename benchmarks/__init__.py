"""Measurements of speed, memory and size, by one command: `python -m benchmarks --help`."""
